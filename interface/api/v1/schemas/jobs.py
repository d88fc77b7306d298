"""Jobs, as those see them who run Esteira: their actions, and how long each stage took."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel

from application.ports.job_reader import JobHistory, JobState
from application.timeline import TimelineStage, timeline
from domain.action import Action, ActionStatus
from domain.job import Job
from interface.api.v1.schemas.status import Failure
from interface.api.v1.schemas.values import Instant


class JobBody(BaseModel):
    """A job: `status_url` tells how far its document is."""

    job_id: UUID
    document_id: UUID | None
    status: ActionStatus
    status_url: str | None

    @classmethod
    def of(cls, job: Job, *, document_url: str | None) -> "JobBody":
        """Return the job."""
        status_url = f"{document_url}/status" if document_url else None
        return cls(job_id=job.id, document_id=job.document_id, status=job.status, status_url=status_url)


class ActionBody(BaseModel):
    """A piece of work of a job. `attempt` counts the runs that were begun; `error` is why it failed or waits again."""

    action_id: UUID
    type: str
    queue: str
    status: ActionStatus
    progress: int
    attempt: int
    max_attempts: int
    crashes: int
    worker: str | None
    cancel_requested: bool
    error: Failure | None
    due_at: Instant
    created_at: Instant
    started_at: Instant | None
    completed_at: Instant | None

    @classmethod
    def fields_of(cls, action: Action) -> dict[str, Any]:
        """Return the fields."""
        error = action.error
        same = ("type", "queue", "status", "attempt", "max_attempts", "crashes", "worker", "cancel_requested")
        times = ("due_at", "created_at", "started_at", "completed_at")
        return {name: getattr(action, name) for name in (*same, *times)} | {
            "action_id": action.id,
            "progress": action.report.progress,
            "error": Failure(code=error.code, message=error.message, retryable=error.retryable) if error else None,
        }


class StageBody(BaseModel):
    """A span of an action's life: `waiting`, `running`, or a stage inside the run above it.

    `attempt` is the run's number, from 1. `ended_at` is null while it lasts; `milliseconds` are those so far. A run's
    `error` is what ended it.
    """

    stage: str
    attempt: int
    worker: str | None
    started_at: Instant
    ended_at: Instant | None
    milliseconds: int
    error_code: str | None
    error_message: str | None

    @classmethod
    def of(cls, stage: TimelineStage) -> "StageBody":
        """Return the span."""
        return cls(
            stage=stage.name,
            attempt=stage.attempt,
            worker=stage.worker,
            started_at=stage.started_at,
            ended_at=stage.ended_at,
            milliseconds=round(stage.seconds * 1000),
            error_code=stage.error_code,
            error_message=stage.error_message,
        )


class ActionHistoryBody(ActionBody):
    """An action with its result and its timeline."""

    result: dict[str, Any] | None
    timeline: list[StageBody]


class ListedJob(JobBody):
    """A job with its actions. `filename` is null where it is of no document, or that was deleted."""

    filename: str | None
    created_at: Instant
    started_at: Instant | None
    completed_at: Instant | None
    actions: list[ActionBody]

    @classmethod
    def of_state(cls, state: JobState, *, document_url: str | None) -> "ListedJob":
        """Return the job."""
        actions = [ActionBody(**ActionBody.fields_of(action)) for action in state.job.actions]
        return cls(**_job_fields(state, document_url), actions=actions)


class JobList(BaseModel):
    """Jobs, newest first; `next_cursor` is null on the last page."""

    items: list[ListedJob]
    next_cursor: str | None


class JobHistoryBody(JobBody):
    """A job with all that happened to it."""

    filename: str | None
    created_at: Instant
    started_at: Instant | None
    completed_at: Instant | None
    actions: list[ActionHistoryBody]

    @classmethod
    def of_history(cls, history: JobHistory, *, document_url: str | None) -> "JobHistoryBody":
        """Return the job with the timeline of each action."""
        actions = [
            ActionHistoryBody(
                **ActionBody.fields_of(action),
                result=None if action.result is None else dict(action.result),
                timeline=[
                    StageBody.of(stage)
                    for stage in timeline(action, history.lines.get(action.id, ()), now=history.read_at)
                ],
            )
            for action in history.state.job.actions
        ]
        return cls(**_job_fields(history.state, document_url), actions=actions)


def _job_fields(state: JobState, document_url: str | None) -> dict[str, Any]:
    job = state.job
    return JobBody.of(job, document_url=document_url).model_dump() | {
        "filename": state.filename,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "completed_at": job.completed_at,
    }
