"""Brings new states to all who follow something: one read for all of them, however many they are."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from contextvars import Context
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from uuid import UUID

from anyio import to_thread

from application.ports.job_changes import JobChanges
from application.state_version import StateVersion
from domain.errors import EsteiraError, UnexpectedError
from domain.ids import JobId
from interface.api.follower import Follower, ShownState

log = logging.getLogger(__name__)

# A hint can be lost, so everything is looked at once a second; hints come in bursts, and are taken together.
LOOK_AGAIN_SECONDS = 1.0
_SHORTEST_PAUSE_SECONDS = 0.05
_MOST_AT_ONCE = 1000

Id = TypeVar("Id", bound=UUID)
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True, kw_only=True)
class StateSource(Generic[Id]):
    """Where states are read, of many at once; what does not exist is left out. They raise DatabaseUnavailable."""

    versions: Callable[[Sequence[Id]], Mapping[Id, StateVersion]]
    states: Callable[[Sequence[Id]], Mapping[Id, ShownState]]
    not_found: type[EsteiraError]


@dataclass(eq=False, slots=True)
class _Followed:
    followers: set[Follower] = field(default_factory=set)
    state: ShownState | None = None


class StateFeed(Generic[Id]):
    """Used from one event loop, where one task looks for all; it starts with the first who follows."""

    def __init__(self, changes: JobChanges, source: StateSource[Id]) -> None:
        self.is_closing = False
        self._changes = changes
        self._source = source
        self._followed: dict[Id, _Followed] = {}
        self._joining: dict[Follower, Id] = {}
        self._told: set[JobId] = set()
        self._news = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None

    @property
    def followers(self) -> int:
        """How many follow and know a state."""
        return sum(follower.has_state for followed in self._followed.values() for follower in followed.followers)

    @asynccontextmanager
    async def follow(self, key: Id) -> AsyncIterator[Follower]:
        """Yield a follower that knows a state, read after this call. Raises `not_found`, DatabaseUnavailable."""
        self._start()
        follower = Follower()
        self._joining[follower] = key
        self._news.set()
        try:
            await follower.news()
            yield follower
        finally:
            self._leave(key, follower)

    def close(self) -> None:
        """Wake all who follow, so that they end before the process does."""
        self.is_closing = True
        for followed in self._followed.values():
            for follower in followed.followers:
                follower.wake()

    def _leave(self, key: Id, follower: Follower) -> None:
        self._joining.pop(follower, None)
        if followed := self._followed.get(key):
            followed.followers.discard(follower)
            if not followed.followers:
                del self._followed[key]

    def _start(self) -> None:
        if self._looking is None:
            self._changes.tell(self._hear)
            # In a context of its own: what it logs is of no request.
            self._looking = asyncio.create_task(self._keep_looking(), name="state-feed", context=Context())

    def _hear(self, job_id: JobId) -> None:
        if self._followed:
            self._told.add(job_id)
            self._news.set()

    async def _keep_looking(self) -> None:
        clock = asyncio.get_running_loop().time
        next_round = clock()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(next_round if self._followed else None):
                    await self._news.wait()
            self._news.clear()
            hinted = self._take_hinted()
            others: tuple[Id, ...] = ()
            if clock() >= next_round:
                next_round = clock() + LOOK_AGAIN_SECONDS
                others = tuple(key for key in self._followed if key not in hinted)
            await self._look_safely(hinted, others)
            await asyncio.sleep(_SHORTEST_PAUSE_SECONDS)

    def _take_hinted(self) -> set[Id]:
        """Return what may have changed, and what somebody has begun to follow: a read from now on is new to both."""
        told, self._told = self._told, set()
        hinted = {key for key, followed in self._followed.items() if followed.state and followed.state.job_id in told}
        while self._joining:
            follower, key = self._joining.popitem()
            self._followed.setdefault(key, _Followed()).followers.add(follower)
            hinted.add(key)
        return hinted

    async def _look_safely(self, hinted: Collection[Id], others: Collection[Id]) -> None:
        """Look; where that fails, who knows a state waits on, as the next round finds what was missed."""
        try:
            await self._look(hinted, others)
        except EsteiraError as error:
            log.warning("nothing can be followed for now: %s", error.detail)
            self._refuse(hinted, error)
        except Exception:
            log.exception("a look at what is followed failed")
            self._refuse(hinted, UnexpectedError())

    async def _look(self, hinted: Collection[Id], others: Collection[Id]) -> None:
        """Read what was hinted at, and of the others those whose version is another one by now."""
        versions = await _read(self._source.versions, [*others])
        changed = [*hinted, *(key for key in others if versions.get(key) != self._version(key))]
        states = await _read(self._source.states, changed)
        for key in changed:
            followed = self._followed.get(key, _Followed())
            followed.state = states.get(key)
            for follower in followed.followers:
                if followed.state:
                    follower.tell(followed.state)
                else:
                    follower.fail(self._source.not_found())

    def _version(self, key: Id) -> StateVersion | None:
        followed = self._followed.get(key)
        return followed.state.version if followed and followed.state else None

    def _refuse(self, keys: Collection[Id], error: EsteiraError) -> None:
        for key in keys:
            for follower in self._followed.get(key, _Followed()).followers:
                if not follower.has_state:
                    follower.fail(error)


async def _read(read: Callable[[Sequence[Id]], Mapping[Id, Found]], keys: Sequence[Id]) -> dict[Id, Found]:
    found: dict[Id, Found] = {}
    for start in range(0, len(keys), _MOST_AT_ONCE):
        found |= await to_thread.run_sync(read, keys[start : start + _MOST_AT_ONCE])
    return found
