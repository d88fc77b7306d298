"""Jobs of several actions, for clients that know them as `acoes`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import AliasChoices, BaseModel, Field, ModelWrapValidatorHandler, PrivateAttr, model_validator
from starlette.requests import Request
from starlette.responses import Response

from application.use_cases.start_job import RequestedAction
from domain.action import Action, ActionStatus
from domain.job import Job
from interface.api.existing_clients.answers import TAGS, LenientBody, pointing_at, result_of
from interface.api.v1.endpoints.jobs import clients_job
from interface.api.v1.idempotency import IDEMPOTENT, IdempotencyKey, idempotent, tell_replayed
from interface.api.v1.requests import CallerOf, JobPath, Services
from interface.api.v1.schemas.actions import MAX_ACTIONS, Params
from interface.api.v1.schemas.problem import NO_JOB, problem_response
from interface.api.v1.schemas.values import Instant, Text

router = APIRouter(prefix="/api/jobs", tags=TAGS)
Situation = Literal["PENDENTE", "PROCESSANDO", "CONCLUIDO", "ERRO"]
_WORDS: Mapping[ActionStatus, Situation] = {
    ActionStatus.PENDING: "PENDENTE",
    ActionStatus.PROCESSING: "PROCESSANDO",
    ActionStatus.COMPLETED: "CONCLUIDO",
    ActionStatus.FAILED: "ERRO",
    ActionStatus.CANCELLED: "ERRO",
}


class WantedAction(LenientBody):
    """An action: the type, which may also be called `tipo`, says which params there are."""

    action_type: Annotated[
        Text, Field(min_length=1, max_length=100, validation_alias=AliasChoices("action_type", "tipo"))
    ]
    params: Params = Field(default_factory=dict)
    _name: str = PrivateAttr("action_type")

    @model_validator(mode="wrap")
    @classmethod
    def _keep_name(cls, sent: object, read: ModelWrapValidatorHandler[Self]) -> Self:
        wanted = read(sent)
        if isinstance(sent, dict) and "action_type" not in sent:
            wanted._name = "tipo"  # noqa: SLF001 - its own
        return wanted

    @property
    def name(self) -> str:
        """What the client calls the type."""
        return self._name


class WantedJob(LenientBody):
    """Actions that run on their own, in parallel."""

    acoes: Annotated[list[WantedAction], Field(min_length=1, max_length=MAX_ACTIONS)]


class JobCreated(BaseModel):
    """A job that waits for workers; `id` and `job_id` are the same."""

    id: UUID
    job_id: UUID
    status: Literal["PENDENTE"] = "PENDENTE"
    dataCriacao: Instant


class ActionSituation(BaseModel):
    """How far an action is."""

    id: UUID
    action_type: str
    status: Situation
    resultado: dict[str, Any] | None
    dataInicio: Instant | None
    dataFim: Instant | None

    @classmethod
    def of(cls, action: Action) -> "ActionSituation":
        """Return the action."""
        return cls(
            id=action.id,
            action_type=action.type,
            status=_WORDS[action.status],
            resultado=None if action.result is None else dict(action.result),
            dataInicio=action.started_at,
            dataFim=action.completed_at,
        )


class JobSituation(BaseModel):
    """How far a job is. `resultado` comes with its end: that of its action, or the list of those of several."""

    id: UUID
    status: Situation
    dataCriacao: Instant
    dataAtualizacao: Instant
    progresso: int
    resultado: dict[str, Any] | list[dict[str, Any] | None] | None
    acoes: list[ActionSituation]

    @classmethod
    def of(cls, job: Job) -> "JobSituation":
        """Return the job."""
        return cls(
            id=job.id,
            status=_WORDS[job.status],
            dataCriacao=job.created_at,
            dataAtualizacao=_changed_at(job),
            progresso=job.progress,
            resultado=result_of(job) if job.is_final else None,
            acoes=[ActionSituation.of(action) for action in job.actions],
        )


@router.post(
    "",
    status_code=202,
    operation_id="start_actions",
    summary="Start a job of several actions, in the words of acoes",
    responses=IDEMPOTENT
    | {422: problem_response("`unknown_action_type`, `idempotency_key_reused`, `invalid_request`: see `errors`")},
)
def start_job(
    services: Services,
    caller: CallerOf,
    request: Request,
    response: Response,
    *,
    body: WantedJob,
    key: IdempotencyKey = None,
) -> JobCreated:
    """Start actions of any types that run on their own, in parallel."""
    requested = [RequestedAction(type=wanted.action_type, params=wanted.params) for wanted in body.acoes]
    names = {f"/actions/{n}/type": f"/acoes/{n}/{wanted.name}" for n, wanted in enumerate(body.acoes)}
    with pointing_at(names | {"/actions": "/acoes"}):
        started = services.start_job(requested, caller=caller, request=idempotent(request, key, body))
    tell_replayed(response, is_replayed=started.is_replayed)
    job = started.job
    response.headers["Location"] = f"/api/jobs/{job.id}/status"
    return JobCreated(id=job.id, job_id=job.id, dataCriacao=job.created_at)


@router.get(
    "/{job_id}/status",
    operation_id="get_actions_situation",
    summary="Tell how far a job is, in the words of acoes",
    responses=NO_JOB,
)
def get_status(services: Services, job_id: JobPath) -> JobSituation:
    """Give any job of Esteira with each of its actions."""
    return JobSituation.of(clients_job(services, job_id))


def _changed_at(job: Job) -> datetime:
    """Return when an action last began or ended."""
    times = (time for a in job.actions for time in (a.started_at, a.claimed_at, a.completed_at) if time)
    return max(times, default=job.created_at)
