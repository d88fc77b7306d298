"""Tokens by which browsers open event streams, where they cannot send headers."""

from fastapi import APIRouter
from starlette.responses import Response

from domain.errors import InvalidRequest
from interface.api.access import access_to
from interface.api.v1.requests import CallerOf, Services
from interface.api.v1.schemas.keys import StreamTokenAnswer, StreamTokenBody
from interface.api.v1.schemas.problem import INVALID

router = APIRouter(prefix="/stream-tokens", tags=["keys"])


@router.post(
    "",
    status_code=201,
    operation_id="create_stream_token",
    summary="Get a token to open an event stream with",
    responses=INVALID,
)
def create_stream_token(
    services: Services, caller: CallerOf, response: Response, body: StreamTokenBody | None = None
) -> StreamTokenAnswer:
    """Send the token as `?token=`; it is good for a minute, and a stream that is open stays open."""
    path = body.path if body else None
    if path is not None and not access_to("GET", path).takes_stream_token:
        sentence = "This is no path of an event stream: send one such as /api/v1/documents/ID/events."
        raise InvalidRequest(sentence, pointer="/path")
    token, expires_at = services.issue_stream_token(caller, path=path)
    response.headers["Cache-Control"] = "no-store"
    return StreamTokenAnswer(token=token, expires_at=expires_at)
