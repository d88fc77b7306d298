"""Holds an answer until the status changes."""

import time
from collections.abc import Awaitable, Callable

from application.ports.document_reader import DocumentState
from application.state_version import StateVersion
from domain.errors import DocumentNotFound
from domain.ids import DocumentId
from interface.api.conditional import etag_of, matches
from interface.api.services import ApiServices
from interface.api.state_feed import LOOK_AGAIN_SECONDS, Id, StateFeed


def current_version(services: ApiServices, document_id: DocumentId) -> StateVersion:
    """Return the version, by the cheap way. Raises DocumentNotFound."""
    version = services.documents.versions([document_id]).get(document_id)
    if version is None:
        raise DocumentNotFound
    return version


def current_state(services: ApiServices, document_id: DocumentId) -> DocumentState:
    """Return the state. Raises DocumentNotFound."""
    state = services.documents.states([document_id]).get(document_id)
    if state is None:
        raise DocumentNotFound
    return state


async def wait_for_change(
    feed: StateFeed[Id],
    key: Id,
    *,
    if_none_match: str | None,
    seconds: float,
    is_gone: Callable[[], Awaitable[bool]],
) -> None:
    """Return once there is another version than the client has, or than the present one where it does not say.

    Also when nothing can change any more, the time is over, or nobody waits. Raises what `follow` does.
    """
    ends_at = time.monotonic() + seconds
    async with feed.follow(key) as follower:
        present = follower.state.version
        if if_none_match is not None and not matches(if_none_match, etag_of(present)):
            return
        while follower.state.version == present and not follower.state.is_final and not feed.is_closing:
            left = ends_at - time.monotonic()
            if left <= 0 or await is_gone():
                return
            await follower.news(timeout_seconds=min(left, LOOK_AGAIN_SECONDS))
