"""One who follows a document or a job, and what it is told."""

import asyncio
from dataclasses import dataclass, field

from application.state_version import StateVersion
from domain.errors import EsteiraError
from domain.ids import JobId


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownState:
    """A state, as all who follow get it: `body` is its JSON, written once. News of the job may be about it."""

    version: StateVersion
    is_final: bool
    job_id: JobId | None
    body: str


@dataclass(eq=False, slots=True)
class Follower:
    """Keeps the newest state alone: who is slow misses what lies between."""

    _state: ShownState | None = None
    _error: EsteiraError | None = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def has_state(self) -> bool:
        """True once it was told a state."""
        return self._state is not None

    @property
    def state(self) -> ShownState:
        """The newest state. Raises what it was told instead of one."""
        if self._error or self._state is None:
            raise self._error or RuntimeError("nobody has told a state yet")
        return self._state

    def tell(self, state: ShownState) -> None:
        """Take a state, if it is another and no older one: numbers never fall."""
        known = self._state.version if self._state else None
        if known is None or (state.version != known and state.version.number >= known.number):
            self._state = state
            self._news.set()

    def fail(self, error: EsteiraError) -> None:
        """Take why there is no state, now or any more."""
        self._error = error
        self._news.set()

    def wake(self) -> None:
        """Let it look round, without news."""
        self._news.set()

    async def news(self, *, timeout_seconds: float | None = None) -> bool:
        """Wait for news; tell whether there were any in time."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._news.wait()
        except TimeoutError:
            return False
        self._news.clear()
        return True
