"""Many documents in one call: announced, processed. An item that is wrong becomes a problem in its place."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from fastapi import APIRouter
from pydantic import JsonValue, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from application.announced_document import AnnouncedDocument
from application.use_cases.process_uploaded_documents import StartedProcessing
from application.use_cases.request_upload import UploadRequest
from domain.errors import DocumentNotFound, EsteiraError
from domain.ids import DEFAULT_TENANT, DocumentId
from interface.api.errors import ascii_json, problem_of, problem_of_fields
from interface.api.services import ApiServices
from interface.api.v1.endpoints.documents import started
from interface.api.v1.endpoints.status import POLL_SECONDS
from interface.api.v1.idempotency import IDEMPOTENT, REPLAYED, IdempotencyKey, idempotent
from interface.api.v1.requests import Services
from interface.api.v1.schemas.problem import Problem
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
    responses=IDEMPOTENT,
)
def presign_uploads(
    services: Services, request: Request, body: PresignBatchBody, key: IdempotencyKey = None
) -> Response:
    """Give an item for each description, in their order: what the single call gives, or a problem."""
    read = [_request(item) for item in body.documents]
    wanted = [each for each in read if isinstance(each, UploadRequest)]
    announced = services.request_uploads(wanted, idempotent=idempotent(request, key, body))
    answers = iter(announced)
    items = [_presigned(next(answers)) if isinstance(each, UploadRequest) else each for each in read]
    return _answer(items, status=201, headers=_told(announced))


@router.post(
    "/process",
    status_code=202,
    operation_id="process_documents",
    summary="Process up to 500 documents whose bytes are there",
    response_model=ProcessingBatch,
    responses=IDEMPOTENT,
)
def process_documents(
    services: Services, request: Request, body: ProcessBatchBody, key: IdempotencyKey = None
) -> Response:
    """Give an item for each id, in their order: what the single call gives, or a problem."""
    read = [_document_id(item) for item in body.document_ids]
    known = [each for each in read if each is not None]
    jobs = services.process_uploaded_documents(
        known, callback_url=body.callback_url, request=idempotent(request, key, body)
    )
    items = [problem_of(DocumentNotFound()) if each is None else _started(services, each, jobs[each]) for each in read]
    return _answer(items, status=202, headers={"Retry-After": str(POLL_SECONDS), **_told(jobs.values())})


def _told(answers: Iterable[AnnouncedDocument | StartedProcessing | EsteiraError]) -> Mapping[str, str]:
    """Tell the client, where a part of its request had been answered before."""
    is_replayed = any(not isinstance(answer, EsteiraError) and answer.is_replayed for answer in answers)
    return {REPLAYED: "true"} if is_replayed else {}


def _request(item: JsonValue) -> UploadRequest | Problem:
    try:
        return PresignBody.model_validate(item).to_request(DEFAULT_TENANT)
    except ValidationError as error:
        return problem_of_fields(error.errors(include_url=False))


def _presigned(answer: AnnouncedDocument | EsteiraError) -> PresignedDocument | Problem:
    if isinstance(answer, EsteiraError):
        return problem_of(answer)
    return PresignedDocument.of(answer.document, answer.upload)


def _document_id(item: JsonValue) -> DocumentId | None:
    """Return the id; what is no id is the id of no document."""
    try:
        return DocumentId(UUID(item)) if isinstance(item, str) else None
    except ValueError:
        return None


def _started(
    services: ApiServices, document_id: DocumentId, answer: StartedProcessing | EsteiraError
) -> ProcessingStarted | Problem:
    return problem_of(answer) if isinstance(answer, EsteiraError) else started(services, document_id, answer.job_id)


def _answer(
    items: Sequence[PresignedDocument | ProcessingStarted | Problem],
    *,
    status: int,
    headers: Mapping[str, str] | None = None,
) -> Response:
    dumped = [item.model_dump(mode="json", exclude_none=isinstance(item, Problem)) for item in items]
    return ascii_json({"items": dumped}, status=status, headers=headers)
