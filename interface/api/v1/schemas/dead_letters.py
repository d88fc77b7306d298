"""Dead letters: what failed for good, with its history, and the replay."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from application.ports.dead_letter_reader import DeadLetter, HistoryLine
from application.use_cases.replay_dead_letters import Replay
from domain.action import ActionStatus
from interface.api.v1.schemas.status import Failure
from interface.api.v1.schemas.values import Instant, RequestBody, SentInstant, Text


class HistoryEntry(BaseModel):
    """One thing that happened: the status it led to, in which attempt, by which worker, for which error."""

    at: Instant
    status: ActionStatus
    attempt: int
    worker: str | None
    error_code: str | None
    error_message: str | None

    @classmethod
    def of(cls, line: HistoryLine) -> "HistoryEntry":
        """Return the entry."""
        return cls(
            at=line.at,
            status=line.status,
            attempt=line.attempt,
            worker=line.worker,
            error_code=line.error_code,
            error_message=line.error_message,
        )


class DeadLetterBody(BaseModel):
    """An action that failed for good, until a person retries its job."""

    job_id: UUID
    action_id: UUID
    type: str
    queue: str
    document_id: UUID | None
    filename: str | None
    attempt: int
    max_attempts: int
    crashes: int
    error: Failure | None
    created_at: Instant
    failed_at: Instant | None
    history: list[HistoryEntry]

    @classmethod
    def of(cls, letter: DeadLetter) -> "DeadLetterBody":
        """Return the dead letter."""
        action, error = letter.action, letter.action.error
        return cls(
            job_id=action.job_id,
            action_id=action.id,
            type=action.type,
            queue=action.queue,
            document_id=letter.document_id,
            filename=letter.filename,
            attempt=action.attempt,
            max_attempts=action.max_attempts,
            crashes=action.crashes,
            error=Failure(code=error.code, message=error.message, retryable=error.retryable) if error else None,
            created_at=action.created_at,
            failed_at=action.completed_at,
            history=[HistoryEntry.of(line) for line in letter.history],
        )


class DeadLetterList(BaseModel):
    """Dead letters, the youngest work first; `next_cursor` is null on the last page."""

    items: list[DeadLetterBody]
    next_cursor: str | None


class Cause(BaseModel):
    """How many dead letters there are of an error code."""

    code: str
    count: int


class Causes(BaseModel):
    """The error codes of all dead letters, the most frequent first."""

    causes: list[Cause]

    @classmethod
    def of(cls, counts: Mapping[str, int]) -> "Causes":
        """Return the counts."""
        return cls(causes=[Cause(code=code, count=count) for code, count in counts.items()])


class ReplayBody(RequestBody):
    """Which dead letters to retry: those with this error code, or all; those that failed before then, or before now."""

    code: Annotated[Text, Field(min_length=1, max_length=100)] | None = None
    failed_before: SentInstant | None = None


class Replayed(BaseModel):
    """How many jobs were started anew; a call takes 500 at most, the oldest failures first.

    `remaining` is how many there are left. To go on, send the same call with this `failed_before`: then what fails once
    more meanwhile is not retried again.
    """

    retried: int
    remaining: int
    failed_before: Instant

    @classmethod
    def of(cls, replay: Replay) -> "Replayed":
        """Return the receipt."""
        return cls(retried=replay.retried, remaining=replay.remaining, failed_before=replay.failed_before)
