"""The status object: every key is always there."""

import math
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from application.ports.document_reader import DocumentState
from application.state_version import Hindrance
from domain.action import Action, ActionStatus
from domain.document import DocumentStatus
from domain.report import Report, Stage
from interface.api.v1.schemas.values import Instant

# Less done than this says nothing about how long the rest takes.
_LEAST_PROGRESS_FOR_ETA = 5


class UnreadablePage(BaseModel):
    """A page that was left out, and why."""

    page: int
    code: str


class Pages(BaseModel):
    """Pages read; `total` is null where it is not known or the format has none."""

    done: int
    total: int | None
    unreadable: list[UnreadablePage]


class Chunks(BaseModel):
    """Passages embedded; `reused` ones had been embedded before."""

    done: int
    total: int | None
    reused: int


class StageTimes(BaseModel):
    """When a stage began and ended."""

    name: Stage
    started_at: Instant
    completed_at: Instant | None


class Failure(BaseModel):
    """Why it failed, or why it is tried again."""

    code: str
    message: str
    retryable: bool


class DocumentStatusBody(BaseModel):
    """How far the processing of a document is.

    `version` is the one that is processed: another one is found by search until it is completed.
    `attempt` counts the runs, the one that is waited for included. `queue_position` is from 1, null unless it waits.
    """

    document_id: UUID
    job_id: UUID | None
    version: int | None
    status: DocumentStatus
    stage: Stage | None
    progress: int
    message: str
    queue_position: int | None
    eta_seconds: int | None
    attempt: int
    max_attempts: int
    pages: Pages
    chunks: Chunks
    stages: list[StageTimes]
    warnings: list[str]
    duplicate_of: UUID | None
    error: Failure | None
    created_at: Instant
    started_at: Instant | None
    completed_at: Instant | None

    @classmethod
    def of(cls, state: DocumentState, *, now: datetime) -> "DocumentStatusBody":
        """Return the status object; `now` is for the estimate alone."""
        action = state.index_action
        report = action.report if action else Report()
        error = action.error if action else None
        return cls(
            document_id=state.document.id,
            job_id=state.job.id if state.job else None,
            version=state.job.document_version if state.job else None,
            status=state.status,
            stage=report.stage if state.status is DocumentStatus.PROCESSING else None,
            progress=report.progress,
            message=_message(state),
            queue_position=state.queue_position,
            eta_seconds=_eta_seconds(state, now),
            attempt=_attempt(action),
            max_attempts=action.max_attempts if action else 0,
            pages=Pages(
                done=report.pages_done,
                total=report.pages_total,
                unreadable=[UnreadablePage(page=page.number, code=page.code) for page in report.unreadable],
            ),
            chunks=Chunks(done=report.chunks_done, total=report.chunks_total, reused=report.chunks_reused),
            stages=[
                StageTimes(name=times.name, started_at=times.started_at, completed_at=times.completed_at)
                for times in report.stages
            ],
            warnings=list(report.warnings),
            duplicate_of=state.duplicate_of,
            error=Failure(code=error.code, message=error.message, retryable=error.retryable) if error else None,
            created_at=state.document.created_at,
            started_at=action.started_at if action else None,
            completed_at=action.completed_at if action else None,
        )


class StatusList(BaseModel):
    """The status of each document that was asked for and exists, in the order of the question."""

    items: list[DocumentStatusBody]


def _attempt(action: Action | None) -> int:
    """Count the run that is waited for, so that progress starts anew only with a new number."""
    if action is None:
        return 0
    return action.attempt + (action.status is ActionStatus.PENDING)


def _message(state: DocumentState) -> str:
    action = state.index_action
    if action is None:
        return "Waiting for the upload"
    match action.status:
        case ActionStatus.PENDING if state.hindrance is Hindrance.PAUSED:
            return "Waiting: the queue is paused"
        case ActionStatus.PENDING if state.hindrance is Hindrance.UNSERVED:
            return "Waiting: no worker is running for this queue"
        case ActionStatus.PENDING if action.error:
            return f"Waiting to be tried again: {action.error.message}"
        case ActionStatus.PROCESSING if action.cancel_requested:
            return "Cancelling"
        case ActionStatus.FAILED:
            return f"Failed: {action.error.message}" if action.error else "Failed"
        case ActionStatus.CANCELLED:
            return "Cancelled"
        case _:
            return action.report.message


def _eta_seconds(state: DocumentState, now: datetime) -> int | None:
    """Estimate by what was measured here; None where that says nothing."""
    action = state.index_action
    if action is None:
        return None
    if action.status is ActionStatus.PENDING:
        return _eta_of_waiting(state, max(0.0, (action.due_at - now).total_seconds()))
    return _eta_of_running(action.report, now) if action.status is ActionStatus.PROCESSING else None


def _eta_of_waiting(state: DocumentState, pause_seconds: float) -> int | None:
    """Assume that those ahead, and then this one, take as long as documents took of late."""
    if not state.queue_position or not state.queue_workers or state.is_queue_paused or state.typical_seconds is None:
        return None
    rounds = math.ceil(state.queue_position / state.queue_workers)
    return math.ceil(pause_seconds + rounds * state.typical_seconds)


def _eta_of_running(report: Report, now: datetime) -> int | None:
    """Assume that the rest takes as long as what is done took, by the share that is shown."""
    if not report.stages or report.progress < _LEAST_PROGRESS_FOR_ETA:
        return None
    elapsed_seconds = max(0.0, (now - report.stages[0].started_at).total_seconds())
    return math.ceil(elapsed_seconds * (100 - report.progress) / report.progress)
