"""How far the processing of documents is: one, or many at once."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from anyio import to_thread
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from application.ports.document_reader import DocumentState
from domain.errors import InvalidRequest
from domain.ids import DocumentId
from interface.api.conditional import CACHE_CONTROL, etag_of, etag_of_many, matches, unchanged
from interface.api.feeds import is_final
from interface.api.v1.requests import DocumentPath, FeedsOf, IfNoneMatch, Services, Wait
from interface.api.v1.schemas.problem import INVALID, NO_DOCUMENT, Responses
from interface.api.v1.schemas.status import DocumentStatusBody, StatusList
from interface.api.v1.status_changes import current_state, current_version, wait_for_change

router = APIRouter(prefix="/documents", tags=["documents"])
MAX_IDS = 500
POLL_SECONDS = 2
UNCHANGED: Responses = {304: {"description": "Nothing has changed since the version of `If-None-Match`."}}
_LONGEST_LIST = MAX_IDS * 40


@router.get(
    "/status",
    operation_id="get_documents_status",
    summary="Tell how far several documents are",
    response_model=StatusList,
    responses=UNCHANGED | INVALID,
)
def get_documents_status(
    services: Services,
    response: Response,
    ids: Annotated[str, Query(max_length=_LONGEST_LIST, description="To 500 UUIDs, with commas between.")],
    if_none_match: IfNoneMatch = None,
) -> StatusList | Response:
    """Give the status of each document that exists, in the order of `ids`; unknown ids are left out."""
    document_ids = _document_ids(ids)
    etag = etag_of_many(document_ids, services.documents.versions(document_ids))
    if matches(if_none_match, etag):
        return unchanged(etag)
    states = services.documents.states(document_ids)
    etag = etag_of_many(document_ids, {key: state.state_version for key, state in states.items()})
    _describe(response, etag, states.values())
    now = datetime.now(UTC)
    return StatusList(items=[DocumentStatusBody.of(states[key], now=now) for key in document_ids if key in states])


@router.get(
    "/{document_id}/status",
    operation_id="get_document_status",
    summary="Tell how far a document is",
    response_model=DocumentStatusBody,
    responses=UNCHANGED | NO_DOCUMENT | INVALID,
)
async def get_document_status(
    services: Services,
    feeds: FeedsOf,
    request: Request,
    response: Response,
    *,
    document_id: DocumentPath,
    wait: Wait = None,
    if_none_match: IfNoneMatch = None,
) -> DocumentStatusBody | Response:
    """Give the status object; with `If-None-Match` 304 while the version is the same.

    With `wait`, the answer is held until the version is another than that of `If-None-Match` or, without that, than
    the present one. What is final is answered at once.
    """
    if wait:
        is_gone = request.is_disconnected
        await wait_for_change(feeds.documents, document_id, if_none_match=if_none_match, seconds=wait, is_gone=is_gone)
    if if_none_match:
        etag = etag_of(await to_thread.run_sync(current_version, services, document_id))
        if matches(if_none_match, etag):
            return unchanged(etag)
    state = await to_thread.run_sync(current_state, services, document_id)
    _describe(response, etag_of(state.state_version), [state])
    return DocumentStatusBody.of(state, now=datetime.now(UTC))


def _describe(response: Response, etag: str, states: Iterable[DocumentState]) -> None:
    """Say which version this is, and when to look again if something moves."""
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = CACHE_CONTROL
    if any(state.job and not is_final(state.status) for state in states):
        response.headers["Retry-After"] = str(POLL_SECONDS)


def _document_ids(ids: str) -> list[DocumentId]:
    """Read the list; each id once."""
    try:
        document_ids = list(dict.fromkeys(DocumentId(UUID(part.strip())) for part in ids.split(",") if part.strip()))
    except ValueError as exc:
        raise InvalidRequest("Send the documents' UUIDs with commas between.", pointer="/ids") from exc
    if not 1 <= len(document_ids) <= MAX_IDS:
        raise InvalidRequest(f"Ask for 1 to {MAX_IDS} documents at once.", pointer="/ids")
    return document_ids
