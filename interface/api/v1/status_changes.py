"""Holds an answer until the status changes."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from anyio import to_thread

from application.ports.document_reader import DocumentState
from domain.action import FINAL
from domain.document import DocumentStatus
from domain.errors import DocumentNotFound
from domain.ids import DocumentId
from interface.api.services import ApiServices

# A hint can be lost, so that it is looked again once a second; hints may come in bursts, or for no reason.
_LOOK_AGAIN_SECONDS = 1.0
_SHORTEST_PAUSE_SECONDS = 0.05


def is_final(status: DocumentStatus) -> bool:
    """Tell whether the status stays as it is until somebody asks for more."""
    return status in {DocumentStatus(final) for final in FINAL}


def current_version(services: ApiServices, document_id: DocumentId) -> int:
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
    services: ApiServices,
    state: DocumentState,
    *,
    seconds: float,
    is_gone: Callable[[], Awaitable[bool]],
) -> None:
    """Return once the document has another version than `state`, the time is over, or nobody waits any more."""
    ends_at = time.monotonic() + seconds
    job_ids = frozenset({state.job.id} if state.job else ())
    while (left := ends_at - time.monotonic()) > 0 and not await is_gone():
        if job_ids:
            await services.job_changes.wait(job_ids, timeout_seconds=min(left, _LOOK_AGAIN_SECONDS))
            await asyncio.sleep(_SHORTEST_PAUSE_SECONDS)
        else:
            await asyncio.sleep(min(left, _LOOK_AGAIN_SECONDS))
        if await to_thread.run_sync(current_version, services, state.document.id) != state.version:
            return
