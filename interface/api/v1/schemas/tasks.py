"""Tasks for those who run Esteira: cleanup and doctor."""

from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel

from application.ports.task_reader import TaskState
from domain.action import ActionStatus
from domain.job import Job
from interface.api.v1.schemas.status import Failure
from interface.api.v1.schemas.values import Instant, RequestBody


class CleanupBody(RequestBody):
    """How to clean up: `dry_run` only counts; `force` deletes also where this looks like another's object store."""

    dry_run: bool = False
    force: bool = False


class DoctorBody(RequestBody):
    """Whether to repair what can be repaired."""

    fix: bool = False


class TaskStarted(BaseModel):
    """A task that waits or runs: the same request meanwhile gives the same one."""

    job_id: UUID
    status: Literal["pending"] = "pending"
    status_url: str

    @classmethod
    def of(cls, job: Job, *, status_url: str) -> "TaskStarted":
        """Return the answer, which is the same however far the task is by now."""
        return cls(job_id=job.id, status_url=status_url)


class TaskBody(BaseModel):
    """A task: `params` is what was asked for, `result` its receipt, `workers` how many can take it."""

    job_id: UUID
    status: ActionStatus
    status_url: str
    progress: int
    message: str
    params: dict[str, Any]
    result: dict[str, Any] | None
    error: Failure | None
    workers: int
    created_at: Instant
    started_at: Instant | None
    completed_at: Instant | None

    @classmethod
    def of(cls, state: TaskState, *, status_url: str) -> "TaskBody":
        """Return the task."""
        job, action, error = state.job, state.action, state.action.error
        return cls(
            job_id=job.id,
            status=job.status,
            status_url=status_url,
            progress=action.report.progress,
            message=action.report.message,
            params=dict(action.params),
            result=dict(action.result) if action.result else None,
            error=Failure(code=error.code, message=error.message, retryable=error.retryable) if error else None,
            workers=state.workers,
            created_at=job.created_at,
            started_at=job.started_at,
            completed_at=job.completed_at,
        )
