"""What is in a document: its passages, its text, its bytes."""

from typing import Annotated

from fastapi import APIRouter, Header, Query
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from domain.errors import BlobNotFound, UploadMissing
from interface.api.cursors import position_cursor, read_position_cursor
from interface.api.media_types import prefers_plain_text
from interface.api.v1.requests import DEFAULT_LIMIT, Cursor, DocumentPath, Limit, Services
from interface.api.v1.schemas.documents import ChunkBody, ChunkList, DownloadBody, TextBody
from interface.api.v1.schemas.problem import INVALID, NO_DOCUMENT, problem_response
from interface.api.v1.schemas.values import LARGEST_INTEGER
from interface.api.v1.status_changes import current_state, current_version

router = APIRouter(prefix="/documents/{document_id}", tags=["documents"])
_NO_PAGE = {404: problem_response("`document_not_found`, `page_not_found`")}


@router.get(
    "/chunks", operation_id="list_chunks", summary="List a document's passages", responses=NO_DOCUMENT | INVALID
)
def list_chunks(
    services: Services,
    document_id: DocumentPath,
    page: Annotated[int | None, Query(ge=1, le=LARGEST_INTEGER, description="Those that touch this page.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> ChunkList:
    """Give the passages that search sees, in order; none before the document is completed."""
    after = read_position_cursor(cursor)
    current_version(services, document_id)
    found = services.documents.chunks(document_id, page=page, after=after, limit=limit + 1)
    return ChunkList(
        items=[ChunkBody.of(published) for published in found[:limit]],
        next_cursor=position_cursor(found[limit - 1].chunk.position) if len(found) > limit else None,
    )


@router.get(
    "/text",
    operation_id="get_document_text",
    summary="Get a document's extracted text",
    response_model=TextBody,
    responses=_NO_PAGE | INVALID | {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def get_document_text(
    services: Services,
    document_id: DocumentPath,
    page: Annotated[int | None, Query(ge=1, le=LARGEST_INTEGER, description="One page; left out, all.")] = None,
    accept: Annotated[str, Header(description="`text/plain` gives the bare text.")] = "*/*",
) -> Response:
    """Give the text in which passages count their offsets; empty before the document is completed."""
    current_version(services, document_id)
    reader = services.documents
    text = reader.text(document_id) if page is None else reader.page_text(document_id, page)
    headers = {"Vary": "Accept"}
    if prefers_plain_text(accept):
        return PlainTextResponse(text, headers=headers)
    body = TextBody(document_id=document_id, page=page, text=text)
    return Response(body.model_dump_json(), media_type="application/json", headers=headers)


@router.get(
    "/content",
    status_code=307,
    operation_id="get_document_content",
    summary="Download a document's bytes",
    response_class=RedirectResponse,
    response_model=None,
    responses=NO_DOCUMENT
    | {
        200: {"model": DownloadBody, "description": "Where the bytes are, for `redirect=false`."},
        409: problem_response("`upload_missing`: the bytes are not there"),
    },
)
def get_document_content(
    services: Services,
    document_id: DocumentPath,
    redirect: Annotated[
        bool, Query(description="False tells the URL in JSON: scripts in pages cannot see where they are led.")
    ] = True,
) -> Response:
    """Lead to a download URL which is good for a short time."""
    document = current_state(services, document_id).document
    try:
        services.blobs.head(document.object_key)
    except BlobNotFound as missing:
        raise UploadMissing("There are no bytes to download: they were not uploaded yet.") from missing
    download = services.blobs.presign_get(
        document.object_key,
        filename=document.filename,
        content_type=document.content_type,
        expires_in_seconds=services.download_url_seconds,
    )
    headers = {"Cache-Control": "no-store"}
    if redirect:
        return RedirectResponse(download.url, status_code=307, headers=headers)
    body = DownloadBody(url=download.url, expires_at=download.expires_at)
    return Response(body.model_dump_json(), media_type="application/json", headers=headers)
