"""Long operations: how one started, how far it is, how it ended."""

from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel

from domain.action import ActionStatus
from domain.job import Job
from interface.api.v1.schemas.values import Instant

CANCELLED = "The operation was cancelled."


class JobStartResponse(BaseModel):
    """An operation that waits for a worker."""

    job_id: UUID
    status: Literal["pending"] = "pending"
    message: str
    created_at: Instant

    @classmethod
    def of(cls, job: Job, *, result_url: str) -> "JobStartResponse":
        """Return the answer, which is the same however far the job is by now."""
        return cls(job_id=job.id, message=f"Started: GET {result_url} follows it.", created_at=job.created_at)


class JobStatusResponse(BaseModel):
    """An operation that waits or runs; `progress` is from 0 to 100."""

    job_id: UUID
    status: Literal["pending", "processing"]
    progress: int
    message: str
    started_at: Instant | None


class JobResultResponse(BaseModel):
    """An operation that is done. `result` is kept for `ESTEIRA_RESULT_TTL_HOURS`, then it is null."""

    job_id: UUID
    status: Literal["completed"] = "completed"
    result: dict[str, Any] | None
    execution_time_seconds: float
    completed_at: Instant


class JobErrorResponse(BaseModel):
    """An operation that failed, or was cancelled: `error` is a sentence."""

    job_id: UUID
    status: Literal["failed"] = "failed"
    error: str
    failed_at: Instant


OperationState = JobStatusResponse | JobResultResponse | JobErrorResponse


def state_of(job: Job) -> OperationState:
    """Return how far the job's only action is, or how it ended."""
    (action,) = job.actions
    if action.completed_at is None:
        status: Literal["pending", "processing"] = (
            "processing" if action.status is ActionStatus.PROCESSING else "pending"
        )
        report = action.report
        return JobStatusResponse(
            job_id=job.id,
            status=status,
            progress=report.progress,
            message=report.message,
            started_at=action.started_at,
        )
    if action.status is ActionStatus.COMPLETED:
        began_at = action.started_at or action.completed_at
        return JobResultResponse(
            job_id=job.id,
            result=None if action.result is None else dict(action.result),
            execution_time_seconds=round((action.completed_at - began_at).total_seconds(), 3),
            completed_at=action.completed_at,
        )
    error = action.error.message if action.error else CANCELLED
    return JobErrorResponse(job_id=job.id, error=error, failed_at=action.completed_at)
