"""What a package with action types of its own imports, and all that it may: docs/adding-an-action.md tells how.

These names and what they mean are kept within a major version of Esteira; the house behind them is not for import.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from pydantic import BaseModel, ConfigDict

ENTRY_POINT_GROUP = "esteira.action_types"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_PREFIX = re.compile(r"/api(/[a-z0-9][a-z0-9_-]*)+")


class Params(BaseModel):
    """The params of an action: a pydantic model without fields that nobody knows."""

    model_config = ConfigDict(extra="forbid")


class Run(Protocol):
    """One run of an action. What its methods raise ends the run: let it through."""

    @property
    def action_id(self) -> str:
        """The same in every attempt: a name for what must not be done twice elsewhere."""
        ...

    @property
    def attempt(self) -> int:
        """1 for the first."""
        ...

    def progress(self, share: float, message: str) -> None:
        """Show `share` (0 to 1) of the work as done, and check. Call it as often as you like."""
        ...

    def check(self) -> None:
        """Stop here if the action was cancelled, took too long or is another worker's: call it every second or so."""
        ...

    def pause(self, seconds: float) -> None:
        """Wait, in place of `time.sleep`, and check."""
        ...


class Failed(Exception):
    """The action failed for good: trying again would not help. `code` is for programs, `sentence` for people."""

    retryable: ClassVar[bool] = False

    def __init__(self, code: str, sentence: str) -> None:
        if not _NAME.fullmatch(code):
            raise ValueError(f"{code!r} is no code: use small letters, digits and underscores")
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


class TryAgain(Failed):
    """The action failed and may succeed later: it is tried again as long as it has attempts left."""

    retryable: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class Action:
    """An action type: what clients call it, what it takes, and what does the work.

    `run` gets the params and the run, and returns a JSON object. It may be called twice for one action, also at once.
    None means what the server's settings say.
    """

    name: str
    run: Callable[[Any, Run], Mapping[str, object] | None]
    params: type[BaseModel] = Params
    summary: str = ""
    queue: str = "long_operations"
    prefix: str | None = None
    timeout_seconds: float = 3600
    max_attempts: int | None = None
    retry_delay_seconds: float | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for what no server could use."""
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} is no name of an action: use small letters, digits and underscores")
        if self.prefix is not None and not _PREFIX.fullmatch(self.prefix):
            raise ValueError(f"{self.prefix!r} is no prefix: write one such as /api/v1/tubehunt/scrape-channels")
        if self.timeout_seconds <= 0 or (self.max_attempts or 1) < 1 or (self.retry_delay_seconds or 0) < 0:
            raise ValueError("times and attempts have to be above 0")
