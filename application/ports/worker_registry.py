"""Port: which worker processes live, so that work nobody serves can be told from work that waits its turn."""

from dataclasses import dataclass
from typing import Protocol

LIVE_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerProcess:
    """A process that serves a queue. Names are unique among those that live."""

    name: str
    queue: str
    host: str
    pid: int


class WorkerRegistry(Protocol):
    """A worker that was not seen for LIVE_SECONDS counts as gone. Raises DatabaseUnavailable (retryable)."""

    def seen(self, worker: WorkerProcess) -> None:
        """Note that it lives now."""
        ...

    def gone(self, worker: WorkerProcess) -> None:
        """Forget it, unless another process has taken its name since."""
        ...
