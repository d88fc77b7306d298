"""Port: what the queues hold and who serves them, as those see it who run Esteira."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from application.ports.worker_registry import WorkerProcess
from domain.action import Action
from domain.ids import DocumentId

# What was not taken up this long after it was due is no matter of a busy moment any more.
OVERDUE_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueState:
    """A queue's actions by their state, and its living workers.

    `queued` ones are due, `scheduled` ones wait for a later time; the rest are counted as long as they are kept.
    `oldest_pending_seconds` is how long the first of those that are due has waited, None where none is. Overdue by more
    than OVERDUE_SECONDS are: a run that lost its lease or passed its deadline (`has_overdue_run`), work that is due and
    was not sent (`has_unsent_work`), work that was sent while nothing runs and nothing was taken up since
    (`has_unserved_work`).
    """

    queued: int
    scheduled: int
    started: int
    finished: int
    failed: int
    cancelled: int
    oldest_pending_seconds: float | None
    workers: int
    paused_at: datetime | None
    has_overdue_run: bool
    has_unsent_work: bool
    has_unserved_work: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningAction:
    """What a worker is at."""

    action: Action
    document_id: DocumentId | None
    filename: str | None
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerState:
    """A worker process; one that was killed is kept for an hour. `running` is None while it waits for work."""

    process: WorkerProcess
    started_at: datetime
    seen_at: datetime
    is_alive: bool
    running: RunningAction | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedInHour:
    """How many actions ended for good in the hour that begins at `hour`. What was retried since counts as failed."""

    hour: datetime
    completed: int
    failed: int


class QueueReader(Protocol):
    """Reads committed state. Raises DatabaseUnavailable (retryable).

    The effort depends on what waits to be taken up and runs, not on how much has ended.
    """

    def states(self) -> Mapping[str, QueueState]:
        """Return each queue by its name."""
        ...

    def failure_rate(self) -> float | None:
        """Return which share (0 to 1) of what ended in the last 24 hours failed for good; None where nothing ended.

        Whole hours are counted, so there may be up to 25 of them. What was retried since counts as failed.
        """
        ...

    def hours(self, queue: str | None = None) -> Sequence[EndedInHour]:
        """Return the last 24 hours, the present one included, the oldest first; of all queues if none is named."""
        ...

    def workers(self) -> Sequence[WorkerState]:
        """Return the worker processes by queue and name."""
        ...
