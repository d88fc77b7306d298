"""Documents: announced, processed, listed, cancelled, deleted."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from application.ports.document_reader import DocumentFilter
from domain.document import DocumentStatus
from domain.errors import AlreadyFinal
from domain.ids import DEFAULT_TENANT, DocumentId, JobId
from interface.api.cursors import document_cursor, read_document_cursor
from interface.api.services import ApiServices
from interface.api.v1.endpoints.status import POLL_SECONDS
from interface.api.v1.idempotency import IDEMPOTENT, IdempotencyKey, hashed_secret, idempotent, tell_replayed
from interface.api.v1.requests import DEFAULT_LIMIT, Cursor, DocumentPath, Limit, Services, document_url
from interface.api.v1.schemas.documents import DeletionBody, DocumentBody, DocumentList
from interface.api.v1.schemas.problem import INVALID, NO_DOCUMENT, problem_response
from interface.api.v1.schemas.status import DocumentStatusBody
from interface.api.v1.schemas.uploads import PresignBody, PresignedDocument, ProcessBody, ProcessingStarted
from interface.api.v1.schemas.values import Text
from interface.api.v1.status_changes import current_state

CHECKSUMS = r"^[0-9a-fA-F]{64}(,[0-9a-fA-F]{64}){0,99}$"

router = APIRouter(prefix="/documents", tags=["documents"])


@router.post(
    "/upload/presigned",
    status_code=201,
    operation_id="presign_upload",
    summary="Announce a document and get the URL for its bytes",
    responses=IDEMPOTENT
    | {
        404: problem_response("`document_not_found`: what the same request had announced was deleted since"),
        413: problem_response("`too_large`"),
    },
)
def presign_upload(
    services: Services, request: Request, response: Response, body: PresignBody, key: IdempotencyKey = None
) -> PresignedDocument:
    """Send the bytes to `upload.url` with exactly `upload.headers`, then ask for processing.

    Sent again with its `Idempotency-Key`, the request is signed anew for the same document.
    """
    announced = services.request_upload(body.to_request(DEFAULT_TENANT), idempotent=idempotent(request, key, body))
    tell_replayed(response, is_replayed=announced.is_replayed)
    return PresignedDocument.of(announced.document, announced.upload)


@router.post(
    "/{document_id}/process",
    status_code=202,
    operation_id="process_document",
    summary="Process a document whose bytes are there",
    responses=NO_DOCUMENT
    | {
        409: problem_response(
            "`upload_missing`: the bytes are not there yet; `callback_taken`: it runs with another callback_url; "
            "`request_in_flight`"
        ),
        422: problem_response(
            "`upload_mismatch`: size or type are not as promised; `callback_refused`; `idempotency_key_reused`"
        ),
    },
)
def process_document(
    services: Services,
    request: Request,
    response: Response,
    *,
    document_id: DocumentPath,
    body: ProcessBody | None = None,
    key: IdempotencyKey = None,
) -> ProcessingStarted:
    """Start the processing, or point to the one that is running; after the end it processes anew.

    The body may be left out. A `password` is for the processing that it starts; one that is running does not get it,
    but it gets the `callback_url`.
    """
    asked = body or ProcessBody()
    password = asked.password.get_secret_value() if asked.password else None
    said = {"callback_url": asked.callback_url} if asked.callback_url else {}
    if password and key:
        said["password"] = hashed_secret(password, key)
    job = services.process_uploaded_document(
        document_id, password=password, callback_url=asked.callback_url, request=idempotent(request, key, said)
    )
    tell_replayed(response, is_replayed=job.is_replayed)
    answer = started(services, document_id, job.job.id)
    response.headers["Location"] = answer.status_url
    response.headers["Retry-After"] = str(POLL_SECONDS)
    return answer


def started(services: ApiServices, document_id: DocumentId, job_id: JobId) -> ProcessingStarted:
    """Return where to ask for the job."""
    status_url = f"{document_url(services, document_id)}/status"
    return ProcessingStarted(job_id=job_id, document_id=document_id, status_url=status_url)


@router.get("", operation_id="list_documents", summary="List documents, newest first", responses=INVALID)
def list_documents(
    services: Services,
    *,
    status: DocumentStatus | None = None,
    external_id: Annotated[Text | None, Query(max_length=512)] = None,
    filename: Annotated[Text | None, Query(max_length=4096, description="The whole name, as it is shown.")] = None,
    name_contains: Annotated[
        Text | None, Query(min_length=1, max_length=200, description="Any part of the name, in any case.")
    ] = None,
    checksum_sha256: Annotated[
        str | None, Query(pattern=CHECKSUMS, max_length=100 * 65, description="To 100, with commas between.")
    ] = None,
    parent_document_id: Annotated[UUID | None, Query(description="The attachments of this document.")] = None,
    import_job: Annotated[UUID | None, Query(description="What this import has made.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> DocumentList:
    """Give those documents for which every condition holds."""
    document_filter = DocumentFilter(
        tenant_id=DEFAULT_TENANT,
        status=status,
        external_id=external_id,
        filename=filename,
        name_contains=name_contains,
        checksums_sha256=checksum_sha256.lower().split(",") if checksum_sha256 else None,
        parent_id=DocumentId(parent_document_id) if parent_document_id else None,
        import_job=JobId(import_job) if import_job else None,
    )
    found = services.documents.page(document_filter, before=read_document_cursor(cursor), limit=limit + 1)
    return DocumentList(
        items=[
            DocumentBody.of(state, document_url=document_url(services, state.document.id)) for state in found[:limit]
        ],
        next_cursor=document_cursor(found[limit - 1].document.id) if len(found) > limit else None,
    )


@router.get("/{document_id}", operation_id="get_document", summary="Get one document", responses=NO_DOCUMENT)
def get_document(services: Services, document_id: DocumentPath) -> DocumentBody:
    """Give what is known of the document."""
    return DocumentBody.of(current_state(services, document_id), document_url=document_url(services, document_id))


@router.post(
    "/{document_id}/cancel",
    operation_id="cancel_document",
    summary="Cancel the processing of a document",
    responses=NO_DOCUMENT | {409: problem_response("`already_final`: nothing is waiting or running")},
)
def cancel_document(services: Services, document_id: DocumentPath) -> DocumentStatusBody:
    """Cancel at once what waits; what runs is cancelled by its worker within seconds."""
    job = current_state(services, document_id).job
    if job is None:
        raise AlreadyFinal("This document is not being processed; there is nothing to cancel.")
    services.cancel_job(job.id)
    return DocumentStatusBody.of(current_state(services, document_id), now=datetime.now(UTC))


@router.delete(
    "/{document_id}",
    operation_id="delete_document",
    summary="Delete a document with all that was made of it",
    responses=NO_DOCUMENT,
)
def delete_document(services: Services, document_id: DocumentPath) -> DeletionBody:
    """End running work, delete passages and vectors, then the bytes."""
    return DeletionBody.of(document_id, services.delete_document(document_id))
