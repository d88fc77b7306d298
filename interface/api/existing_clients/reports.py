"""Artifacts, for clients that know them as `/generate`, `/status` and `/download`."""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter
from fastapi.exceptions import RequestValidationError
from pydantic import (
    BaseModel,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    ValidationError,
    model_validator,
)
from starlette.requests import Request
from starlette.responses import Response

from application.started_job import StartedJob
from application.use_cases.request_artifact import RequestArtifact
from domain.action import ActionStatus
from domain.errors import InvalidRequest, RequestInFlight
from domain.idempotent_request import GENERATE_KEY_LIFETIME, IdempotentRequest
from domain.ids import DEFAULT_TENANT
from interface.api.existing_clients.answers import TAGS, LenientBody, error_of, pointing_at
from interface.api.v1.endpoints.jobs import clients_job
from interface.api.v1.idempotency import IDEMPOTENT, IdempotencyKey, idempotent, tell_replayed
from interface.api.v1.requests import JobPath, Services
from interface.api.v1.schemas.actions import Params
from interface.api.v1.schemas.problem import INVALID, NO_JOB, problem_response
from interface.api.v1.schemas.values import Instant, Text

router = APIRouter(tags=TAGS)
# The first of several that come at once holds the key for milliseconds, unless the database stands still.
PATIENCE_SECONDS = 10.0
_PAUSE_SECONDS = 0.02
Key = Annotated[Text, Field(min_length=1, max_length=255)]
Situation = Literal["queued", "processing", "done", "failed"]
_WORDS: Mapping[ActionStatus, Situation] = {
    ActionStatus.PENDING: "queued",
    ActionStatus.PROCESSING: "processing",
    ActionStatus.COMPLETED: "done",
    ActionStatus.FAILED: "failed",
    ActionStatus.CANCELLED: "failed",
}


class _Keyed(LenientBody):
    idempotency_key: Key


class Payload(LenientBody):
    """What to report on."""

    report: Text = "inventory"
    params: Params = Field(default_factory=dict)


class GenerateBody(LenientBody):
    """A file to be made. Within an hour the same key is the same job, whatever else is sent."""

    type: Literal["xlsx", "pdf"]
    payload: Payload = Payload()
    idempotency_key: Key | None = None
    _wrong: ValidationError | None = PrivateAttr(None)

    @model_validator(mode="wrap")
    @classmethod
    def _judge_later(cls, sent: object, read: ModelWrapValidatorHandler[Self]) -> Self:
        """Let what is wrong pass for now, where a key may say that it does not matter."""
        try:
            return read(sent)
        except ValidationError as wrong:
            try:
                kept = cls.model_construct(idempotency_key=_Keyed.model_validate(sent).idempotency_key)
            except ValidationError:
                raise wrong from None
            kept._wrong = wrong  # noqa: SLF001 - its own
            return kept

    def require_right(self) -> None:
        """Raise what is wrong with it, if anything is."""
        if self._wrong:
            raise RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in self._wrong.errors()])

    @property
    def request(self) -> IdempotentRequest | None:
        """The request, which is told from others by its key alone."""
        if self.idempotency_key is None:
            return None
        # No key of the header Idempotency-Key has quotes in it.
        key = f'generate "{self.idempotency_key}"'
        return IdempotentRequest(tenant_id=DEFAULT_TENANT, key=key, fingerprint=hashlib.sha256(key.encode()).digest())


class Generating(BaseModel):
    """A job that waits for a worker."""

    job_id: UUID
    status: Literal["queued"] = "queued"


class GenerationStatus(BaseModel):
    """How far a job is; `error` says why it failed."""

    job_id: UUID
    status: Situation
    error: str | None


class GeneratedFile(BaseModel):
    """Where the file can be had until then."""

    url: str
    expires_at: Instant


@router.post(
    "/generate",
    status_code=202,
    operation_id="generate",
    summary="Start making an artifact, in the words of generate",
    responses=IDEMPOTENT | INVALID,
)
def generate(
    services: Services, request: Request, response: Response, body: GenerateBody, key: IdempotencyKey = None
) -> Generating:
    """Make a report as a spreadsheet or as printed pages. A key in the body comes before that of the header."""
    with pointing_at({"/kind": "/type", "/report": "/payload/report", "/params": "/payload/params"}):
        if body.idempotency_key is not None:
            return Generating(job_id=_started(services.request_artifact, body).job.id)
        started = _new(services.request_artifact, body, idempotent(request, key, body))
    tell_replayed(response, is_replayed=started.is_replayed)
    return Generating(job_id=started.job.id)


@router.get(
    "/status/{job_id}",
    operation_id="get_generation_status",
    summary="Tell how far a job is, in the words of generate",
    responses=NO_JOB,
)
def get_status(services: Services, response: Response, job_id: JobPath) -> GenerationStatus:
    """Give any job of Esteira."""
    job = clients_job(services, job_id)
    response.headers["Cache-Control"] = "no-store"
    return GenerationStatus(job_id=job.id, status=_WORDS[job.status], error=error_of(job))


@router.get(
    "/download/{job_id}",
    operation_id="get_generated_file",
    summary="Tell where a finished artifact can be downloaded",
    responses={
        404: problem_response("`job_not_found`, `artifact_not_found`: the job makes no file"),
        409: problem_response("`not_ready`: it is still being made, or the job failed"),
        410: problem_response("`artifact_expired`: its time is over"),
    },
)
def get_file(services: Services, response: Response, job_id: JobPath) -> GeneratedFile:
    """Give a URL which is good for a short time."""
    artifact, left = services.find_artifact(clients_job(services, job_id))
    download = services.blobs.presign_get(
        artifact.object_key,
        filename=artifact.filename,
        content_type=artifact.content_type,
        expires_in_seconds=max(1, min(services.download_url_seconds, int(left.total_seconds()))),
    )
    response.headers["Cache-Control"] = "no-store"
    return GeneratedFile(url=download.url, expires_at=download.expires_at)


def _started(request_artifact: RequestArtifact, body: GenerateBody) -> StartedJob:
    """Return the job of the key. Who comes while the first is being carried out waits for it."""
    an_hour = replace(request_artifact.start_job, key_lifetime=GENERATE_KEY_LIFETIME)
    request_artifact = replace(request_artifact, start_job=an_hour)
    gives_up_at = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return _first_or_new(request_artifact, body)
        except RequestInFlight:
            if time.monotonic() > gives_up_at:
                raise
        time.sleep(_PAUSE_SECONDS)


def _first_or_new(request_artifact: RequestArtifact, body: GenerateBody) -> StartedJob:
    try:
        body.require_right()
        return _new(request_artifact, body, body.request)
    except (RequestValidationError, InvalidRequest):
        if known := request_artifact.start_job.known(body.request):
            return known
        raise


def _new(request_artifact: RequestArtifact, body: GenerateBody, request: IdempotentRequest | None) -> StartedJob:
    return request_artifact(kind=body.type, report=body.payload.report, params=body.payload.params, request=request)
