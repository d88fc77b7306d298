"""What flows ask for. A flow is a generator that does no I/O: it yields steps and is sent what came of each.

So each flow is written once, for threads and for event loops, and can be tried without a server.
"""

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request to the API, or by a signed URL to the object store, which gets no key.

    `body` is called at each sending and gives the bytes from their beginning; `sent` hears of each block that is gone.
    `repeatable`: it may be sent again where it is not known if it arrived. `held`: the answer may be kept back until
    something happens. `read_seconds`: whoever sends it hears of a silence of that length, as httpx.ReadTimeout.
    """

    method: str
    url: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    body: Callable[[], Iterable[bytes]] | None = None
    sent: Callable[[int], None] | None = None
    repeatable: bool = True
    to_store: bool = False
    held: bool = False
    read_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Send:
    """Send, and give back the whole httpx.Response. What was opened before is closed. Raises httpx.TransportError."""

    request: Request


@dataclass(frozen=True, slots=True)
class Open:
    """The same, but the body of a success is left to Read. What was opened before is closed."""

    request: Request


@dataclass(frozen=True, slots=True)
class Read:
    """Give the next bytes of what is open, None at the end. Raises httpx.TransportError."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait; give back True if nobody wants to wait any longer."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Work:
    """Call this where blocking hurts nobody, and give back what it returns: disks are slow."""

    call: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Tell(Generic[T]):
    """Hand this to the caller, who iterates."""

    item: T


Step: TypeAlias = Send | Open | Read | Pause | Work
# Returns a result.
Flow: TypeAlias = Generator[Step, Any, T]
# Tells items, one after the other.
Feed: TypeAlias = Generator[Step | Tell[T], Any, None]


class Walk(Generic[T]):
    """A flow under way: `step` is what it asks for, None once it has returned `result`. What it raises passes."""

    result: T

    def __init__(self, flow: Generator[Step | Tell[Any], Any, T] | Flow[T]) -> None:
        self._flow = flow
        self.step: Step | Tell[Any] | None = None
        self.answer(None)

    def answer(self, value: object) -> None:
        """Go on with what came of the step."""
        self._go(lambda: self._flow.send(value))

    def fail(self, error: Exception) -> None:
        """Go on with what went wrong."""
        self._go(lambda: self._flow.throw(error))

    def close(self) -> None:
        """Leave it where it is."""
        self._flow.close()

    def _go(self, move: Callable[[], Step | Tell[Any]]) -> None:
        try:
            self.step = move()
        except StopIteration as end:
            self.step, self.result = None, end.value
