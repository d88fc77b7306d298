"""Server-sent events (HTML Living Standard §9.2) of what somebody follows."""

from collections.abc import AsyncIterator
from typing import Generic

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from application.state_version import StateVersion
from domain.errors import EsteiraError
from interface.api.errors import problem_of
from interface.api.follower import Follower, ShownState
from interface.api.state_feed import Id, StateFeed

MEDIA_TYPE = "text/event-stream"
COMMENT_SECONDS = 15.0
# Nothing between client and server may keep events back.
_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
# Sent at once, so that the answer has begun for all on the way: how soon browsers come back.
_OPENING = "retry: 2000\n\n"
_COMMENT = ": nothing new\n\n"


async def newer_states(
    feed: StateFeed[Id], follower: Follower, *, known: str | None = None, pause_seconds: float | None = None
) -> AsyncIterator[ShownState | None]:
    """Yield each state but the known one to the final one, None after a pause; end early if the process does.

    `known` is the number that a client has, by its Last-Event-ID. Raises what the follower was told instead.
    """
    sent = known
    while not feed.is_closing:
        state = follower.state
        if str(state.version) != sent:
            sent = str(state.version)
            yield state
        if state.is_final:
            return
        if not await follower.news(timeout_seconds=pause_seconds):
            yield None


class EventStream(StreamingResponse, Generic[Id]):
    """Answers with events until what is followed is final or gone, the client goes away, or the process ends."""

    def __init__(self, feed: StateFeed[Id], key: Id, *, last_event_id: str | None) -> None:
        super().__init__((), headers=_HEADERS, media_type=MEDIA_TYPE)
        self._feed = feed
        self._key = key
        self._known = last_event_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Follow while the answer lasts. Raises what keeps the first state from being known, before it has begun."""
        async with self._feed.follow(self._key) as follower:
            _ = follower.state
            self.body_iterator = self._events(follower)
            await super().__call__(scope, receive, send)

    async def _events(self, follower: Follower) -> AsyncIterator[str]:
        yield _OPENING
        try:
            async for state in newer_states(self._feed, follower, known=self._known, pause_seconds=COMMENT_SECONDS):
                yield _event("status", state.body, version=state.version) if state else _COMMENT
            if follower.state.is_final:
                # With data, or browsers would keep it to themselves.
                yield _event("end", follower.state.body, version=follower.state.version)
        except EsteiraError as error:
            yield _event("error", problem_of(error).model_dump_json(exclude_none=True))


def _event(name: str, data: str, *, version: StateVersion | None = None) -> str:
    # The number alone: who comes back during a hindrance, or behind it, is told the state once more at most.
    numbered = "" if version is None else f"id: {version.number}\n"
    return f"event: {name}\n{numbered}data: {data}\n\n"
