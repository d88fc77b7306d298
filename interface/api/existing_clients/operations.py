"""Long operations, for clients that know them as `operacao-longa` and `operacao-customizada`."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from application.started_job import StartedJob
from application.use_cases.simulate_work import DATA, DURATION, SIMULATE
from domain.action import ActionStatus
from domain.job import Job
from interface.api.existing_clients.answers import TAGS, AnyJson, LenientBody, error_of, result_of
from interface.api.v1.endpoints.jobs import clients_job
from interface.api.v1.idempotency import IDEMPOTENT, IdempotencyKey, idempotent, tell_replayed
from interface.api.v1.requests import CallerOf, JobPath, Services
from interface.api.v1.schemas.problem import INVALID, NO_JOB
from interface.api.v1.schemas.values import Instant

router = APIRouter(prefix="/api", tags=TAGS)
SECONDS = 35
Situation = Literal["pending", "processing", "completed", "failed"]
_WORDS: Mapping[ActionStatus, Situation] = {
    ActionStatus.PENDING: "pending",
    ActionStatus.PROCESSING: "processing",
    ActionStatus.COMPLETED: "completed",
    ActionStatus.FAILED: "failed",
    ActionStatus.CANCELLED: "failed",
}


class LongOperation(LenientBody):
    """`dados` are given back by the result."""

    dados: AnyJson


class CustomOperation(LongOperation):
    """The same, for as many seconds as the client wants."""

    tempo_processamento: Annotated[int, Field(ge=1, le=300)]


class OperationCreated(BaseModel):
    """A job that waits for a worker."""

    job_id: UUID
    status: Literal["pending"] = "pending"
    url_status: str
    mensagem: str = "Job criado com sucesso. Use a URL de status para acompanhar o progresso."


class OperationOutcome(BaseModel):
    """What a job that is done gave."""

    dados_processados: Any
    status: Literal["sucesso"] = "sucesso"
    mensagem: str = "Operação concluída com sucesso"
    tempo_processamento: str

    @classmethod
    def of(cls, job: Job) -> "OperationOutcome":
        """Return what was sent and for how long it was asked; of jobs of another kind, their result and time."""
        action = job.actions[0]
        if [each.type for each in job.actions] == [SIMULATE]:
            return cls(dados_processados=action.params.get(DATA), tempo_processamento=f"{action.params[DURATION]}s")
        began_at, ended_at = job.started_at or job.created_at, job.completed_at or job.created_at
        seconds = round((ended_at - began_at).total_seconds())
        return cls(dados_processados=result_of(job), tempo_processamento=f"{seconds}s")


class OperationSituation(BaseModel):
    """How far a job is, whatever its actions are. One that was cancelled is shown as failed."""

    job_id: UUID
    status: Situation
    criado_em: Instant
    iniciado_em: Instant | None
    completado_em: Instant | None
    resultado: OperationOutcome | None
    erro: str | None

    @classmethod
    def of(cls, job: Job) -> "OperationSituation":
        """Return the job."""
        is_done = job.status is ActionStatus.COMPLETED
        return cls(
            job_id=job.id,
            status=_WORDS[job.status],
            criado_em=job.created_at,
            iniciado_em=job.started_at,
            completado_em=job.completed_at,
            resultado=OperationOutcome.of(job) if is_done else None,
            erro=error_of(job),
        )


@router.post(
    "/operacao-longa",
    status_code=202,
    operation_id="start_long_operation",
    summary="Start an operation of 35 seconds",
    responses=IDEMPOTENT | INVALID,
)
def start_long(
    services: Services,
    caller: CallerOf,
    request: Request,
    response: Response,
    *,
    body: LongOperation,
    key: IdempotencyKey = None,
) -> OperationCreated:
    """Start `simulate`, which gives `dados` back."""
    params = {DATA: body.dados, DURATION: SECONDS}
    asked = idempotent(request, key, body)
    return _answer(services.start_operation(SIMULATE, params, caller=caller, request=asked), response)


@router.post(
    "/operacao-customizada",
    status_code=202,
    operation_id="start_custom_operation",
    summary="Start an operation that takes as long as is wanted",
    responses=IDEMPOTENT | INVALID,
)
def start_custom(
    services: Services,
    caller: CallerOf,
    request: Request,
    response: Response,
    *,
    body: CustomOperation,
    key: IdempotencyKey = None,
) -> OperationCreated:
    """Start `simulate`, which gives `dados` back."""
    params = {DATA: body.dados, DURATION: body.tempo_processamento}
    asked = idempotent(request, key, body)
    return _answer(services.start_operation(SIMULATE, params, caller=caller, request=asked), response)


@router.get(
    "/jobs/{job_id}",
    operation_id="get_operation_situation",
    summary="Tell how far a job is, in the words of operacao-longa",
    responses=NO_JOB,
)
def get_job(services: Services, job_id: JobPath) -> OperationSituation:
    """Give any job of Esteira."""
    return OperationSituation.of(clients_job(services, job_id))


def _answer(started: StartedJob, response: Response) -> OperationCreated:
    tell_replayed(response, is_replayed=started.is_replayed)
    url = f"/api/jobs/{started.job.id}"
    response.headers["Location"] = url
    return OperationCreated(job_id=started.job.id, url_status=url)
