"""Many documents in one call: announced, processed. An item that is wrong becomes a problem in its place."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from fastapi import APIRouter
from pydantic import JsonValue, ValidationError
from starlette.responses import Response

from application.ports.presigned_request import PresignedRequest
from application.use_cases.request_upload import UploadRequest
from domain.document import Document
from domain.errors import DocumentNotFound, EsteiraError
from domain.ids import DEFAULT_TENANT, DocumentId
from domain.job import Job
from domain.multipart import Upload
from interface.api.errors import ascii_json, problem_of, problem_of_fields
from interface.api.services import ApiServices
from interface.api.v1.endpoints.documents import started
from interface.api.v1.endpoints.status import POLL_SECONDS
from interface.api.v1.requests import Services
from interface.api.v1.schemas.problem import INVALID, Problem
from interface.api.v1.schemas.uploads import (
    PresignBatchBody,
    PresignBody,
    PresignedBatch,
    PresignedDocument,
    ProcessBatchBody,
    ProcessingBatch,
    ProcessingStarted,
)

router = APIRouter(prefix="/documents", tags=["documents"])


@router.post(
    "/upload/presigned/batch",
    status_code=201,
    operation_id="presign_uploads",
    summary="Announce up to 500 documents and get the URLs for their bytes",
    response_model=PresignedBatch,
    responses=INVALID,
)
def presign_uploads(services: Services, body: PresignBatchBody) -> Response:
    """Give an item for each description, in their order: what the single call gives, or a problem."""
    read = [_request(item) for item in body.documents]
    answers = iter(services.request_uploads([request for request in read if isinstance(request, UploadRequest)]))
    items = [_presigned(next(answers)) if isinstance(request, UploadRequest) else request for request in read]
    return _answer(items, status=201)


@router.post(
    "/process",
    status_code=202,
    operation_id="process_documents",
    summary="Process up to 500 documents whose bytes are there",
    response_model=ProcessingBatch,
    responses=INVALID,
)
def process_documents(services: Services, body: ProcessBatchBody) -> Response:
    """Give an item for each id, in their order: what the single call gives, or a problem."""
    read = [_document_id(item) for item in body.document_ids]
    known = [key for key in read if key is not None]
    jobs = services.process_uploaded_documents(known, callback_url=body.callback_url)
    items = [problem_of(DocumentNotFound()) if key is None else _started(services, key, jobs[key]) for key in read]
    return _answer(items, status=202, headers={"Retry-After": str(POLL_SECONDS)})


def _request(item: JsonValue) -> UploadRequest | Problem:
    try:
        return PresignBody.model_validate(item).to_request(DEFAULT_TENANT)
    except ValidationError as error:
        return problem_of_fields(error.errors(include_url=False))


def _presigned(answer: tuple[Document, PresignedRequest | Upload] | EsteiraError) -> PresignedDocument | Problem:
    return problem_of(answer) if isinstance(answer, EsteiraError) else PresignedDocument.of(*answer)


def _document_id(item: JsonValue) -> DocumentId | None:
    """Return the id; what is no id is the id of no document."""
    try:
        return DocumentId(UUID(item)) if isinstance(item, str) else None
    except ValueError:
        return None


def _started(services: ApiServices, document_id: DocumentId, answer: Job | EsteiraError) -> ProcessingStarted | Problem:
    return problem_of(answer) if isinstance(answer, EsteiraError) else started(services, document_id, answer)


def _answer(
    items: Sequence[PresignedDocument | ProcessingStarted | Problem],
    *,
    status: int,
    headers: Mapping[str, str] | None = None,
) -> Response:
    dumped = [item.model_dump(mode="json", exclude_none=isinstance(item, Problem)) for item in items]
    return ascii_json({"items": dumped}, status=status, headers=headers)
