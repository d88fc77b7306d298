"""Jobs of several actions, as their clients see them."""

from math import isfinite
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError

from application.use_cases.start_job import RequestedAction
from domain.action import Action, ActionStatus
from domain.job import Job
from domain.nesting import MAX_LEVELS, is_too_deep
from interface.api.v1.schemas.status import Failure
from interface.api.v1.schemas.values import CallbackUrl, Instant, RequestBody, Text, storable

MAX_ACTIONS = 100


def storable_within(value: dict[str, Any]) -> dict[str, Any]:
    """Refuse texts and numbers that PostgreSQL cannot store, and what is nested too deep to be told again."""
    if is_too_deep(value):
        sentence = f"The value is nested too deep: lists and objects may have {MAX_LEVELS} levels at most."
        raise PydanticCustomError("too_deep", sentence)
    left: list[Any] = [value]
    while left:
        match left.pop():
            case dict() as inner:
                left += [*inner.keys(), *inner.values()]
            case list() as inner:
                left += inner
            case float() as number if not isfinite(number):
                raise PydanticCustomError("number_not_finite", "A number is not finite: send a finite one, or null.")
            case inner:
                storable(inner)
    return value


Params = Annotated[dict[str, Any], AfterValidator(storable_within)]


class RequestedActionBody(RequestBody):
    """An action: the type says which params there are."""

    type: Annotated[Text, Field(min_length=1, max_length=100, examples=["simulate"])]
    params: Params = Field(default_factory=dict, examples=[{"duration_seconds": 5}])


class JobRequest(RequestBody):
    """Actions that run on their own, in parallel: one that fails leaves the others alone."""

    actions: Annotated[list[RequestedActionBody], Field(min_length=1, max_length=MAX_ACTIONS)]
    callback_url: CallbackUrl = None

    def requested(self) -> list[RequestedAction]:
        """Return them for the use case."""
        return [RequestedAction(type=action.type, params=action.params) for action in self.actions]


class StartedAction(BaseModel):
    """An action that waits for a worker."""

    action_id: UUID
    type: str
    status: Literal["pending"] = "pending"


class JobStarted(BaseModel):
    """A new job: `status_url` tells how far it is."""

    job_id: UUID
    status: Literal["pending"] = "pending"
    status_url: str
    actions: list[StartedAction]

    @classmethod
    def of(cls, job: Job, *, job_url: str) -> "JobStarted":
        """Return the answer, which is the same however far the job is by now."""
        actions = [StartedAction(action_id=action.id, type=action.type) for action in job.actions]
        return cls(job_id=job.id, status_url=f"{job_url}/status", actions=actions)


class ActionStatusBody(BaseModel):
    """How far an action is. `attempt` counts the runs that were begun; `error` is why it failed or waits again.

    `result` is kept for `ESTEIRA_RESULT_TTL_HOURS` after the job's end.
    """

    action_id: UUID
    type: str
    status: ActionStatus
    progress: int
    message: str
    attempt: int
    result: dict[str, Any] | None
    error: Failure | None
    started_at: Instant | None
    completed_at: Instant | None

    @classmethod
    def of(cls, action: Action) -> "ActionStatusBody":
        """Return the action."""
        error = action.error
        return cls(
            action_id=action.id,
            type=action.type,
            status=action.status,
            progress=action.report.progress,
            message=action.report.message,
            attempt=action.attempt,
            result=None if action.result is None else dict(action.result),
            error=Failure(code=error.code, message=error.message, retryable=error.retryable) if error else None,
            started_at=action.started_at,
            completed_at=action.completed_at,
        )


class JobStatus(BaseModel):
    """How far a job is. `message` says how many of its actions have ended, as in "2 of 5".

    `status` is `processing` as long as one action waits or runs; then `failed` if one failed, `cancelled` if one was,
    else `completed`. `progress` is the mean of the actions'; what has ended counts whole.
    """

    job_id: UUID
    status: ActionStatus
    progress: int
    message: str
    actions: list[ActionStatusBody]
    created_at: Instant
    started_at: Instant | None
    completed_at: Instant | None

    @classmethod
    def of(cls, job: Job) -> "JobStatus":
        """Return the job."""
        return cls(
            job_id=job.id,
            status=job.status,
            progress=job.progress,
            message=f"{job.ended} of {len(job.actions)}",
            actions=[ActionStatusBody.of(action) for action in job.actions],
            created_at=job.created_at,
            started_at=job.started_at,
            completed_at=job.completed_at,
        )
