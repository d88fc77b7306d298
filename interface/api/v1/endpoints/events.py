"""Follows a document or a job without asking again: by server-sent events, a job also by a WebSocket."""

import anyio
from fastapi import APIRouter
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from domain.errors import EsteiraError
from domain.ids import JobId
from interface.api.event_stream import MEDIA_TYPE, EventStream, newer_states
from interface.api.follower import Follower
from interface.api.state_feed import StateFeed
from interface.api.v1.requests import DocumentPath, FeedsOf, JobPath, LastEventId
from interface.api.v1.schemas.problem import NO_DOCUMENT, NO_JOB, Responses

router = APIRouter()
STREAM: Responses = {
    200: {
        "description": "`event: status` with the status object as `data` and its version as `id`, each time it "
        "changes; `event: end` with the final one, `event: error` with a problem where it was deleted.",
        "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
    }
}
_DONE, _GOING_AWAY, _GONE = 1000, 1012, 4404


@router.get(
    "/documents/{document_id}/events",
    operation_id="follow_document",
    summary="Follow the processing of a document",
    tags=["documents"],
    response_class=Response,
    responses=STREAM | NO_DOCUMENT,
)
async def follow_document(feeds: FeedsOf, document_id: DocumentPath, last_event_id: LastEventId = None) -> Response:
    """Send the status object now, unless it is the one of `Last-Event-ID`, and at each change until it is final."""
    return EventStream(feeds.documents, document_id, last_event_id=last_event_id)


@router.get(
    "/jobs/{job_id}/events",
    operation_id="follow_job",
    summary="Follow a job",
    tags=["jobs"],
    response_class=Response,
    responses=STREAM | NO_JOB,
)
async def follow_job(feeds: FeedsOf, job_id: JobPath, last_event_id: LastEventId = None) -> Response:
    """Send the status object now, unless it is the one of `Last-Event-ID`, and at each change until it is final."""
    return EventStream(feeds.jobs, job_id, last_event_id=last_event_id)


@router.websocket("/jobs/{job_id}/ws")
async def follow_job_by_socket(websocket: WebSocket, feeds: FeedsOf, job_id: JobPath) -> None:
    """Send the same objects as the events have. What the client says is not listened to."""
    async with feeds.jobs.follow(job_id) as follower:
        _ = follower.state  # what is not there is refused before the socket opens
        await websocket.accept()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_wait_until_gone, websocket, tasks.cancel_scope)
            await _send_states(websocket, feeds.jobs, follower)
            tasks.cancel_scope.cancel()


async def _send_states(websocket: WebSocket, feed: StateFeed[JobId], follower: Follower) -> None:
    try:
        try:
            async for state in newer_states(feed, follower):
                if state:
                    await websocket.send_text(state.body)
        except EsteiraError as error:
            await websocket.close(_GONE, error.code)
        else:
            await websocket.close(_DONE if follower.state.is_final else _GOING_AWAY)
    except WebSocketDisconnect:
        return


async def _wait_until_gone(websocket: WebSocket, sending: anyio.CancelScope) -> None:
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass
    sending.cancel()
