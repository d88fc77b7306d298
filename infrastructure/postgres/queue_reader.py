"""What the queues hold and who serves them."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, and_, exists, func, or_, select

from application.ports.queue_reader import OVERDUE_SECONDS, EndedInHour, QueueState, RunningAction, WorkerState
from application.ports.worker_registry import WorkerProcess
from domain.action import ActionStatus
from infrastructure.postgres.errors import database_errors
from infrastructure.postgres.rows import action_of
from infrastructure.postgres.tables import (
    documents,
    events,
    job_actions,
    jobs,
    queue_counts,
    queue_hours,
    queues,
    workers,
)
from infrastructure.postgres.worker_registry import lives

OVERDUE = timedelta(seconds=OVERDUE_SECONDS)
HOUR, DAY = timedelta(hours=1), timedelta(hours=24)


class PostgresQueueReader:
    """Implements application/ports/queue_reader.py."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def states(self) -> Mapping[str, QueueState]:
        """Read the counts that a trigger keeps, and the ends of indexes."""
        with database_errors(), self._engine.connect() as connection:
            return queue_states(connection)

    def failure_rate(self) -> float | None:
        """Add up the last hours."""
        since = func.date_trunc("hour", func.clock_timestamp(), "UTC") - DAY
        ended = func.sum(queue_hours.c.failed + queue_hours.c.completed)
        query = select(func.sum(queue_hours.c.failed), ended).where(queue_hours.c.hour >= since)
        with database_errors(), self._engine.connect() as connection:
            failed, all_ended = connection.execute(query).one()
        return float(failed / all_ended) if all_ended else None

    def hours(self, queue: str | None = None) -> Sequence[EndedInHour]:
        """Add up each hour; one in which nothing ended has no row."""
        with database_errors(), self._engine.connect() as connection:
            return [
                EndedInHour(hour=row.hour, completed=int(row.completed), failed=int(row.failed))
                for row in connection.execute(_hours(queue))
            ]

    def workers(self) -> Sequence[WorkerState]:
        """Read the processes and what they run."""
        query = select(workers, lives().label("is_alive")).order_by(workers.c.queue, workers.c.name)
        with database_errors(), self._engine.connect() as connection:
            running = {row.worker: _running_of(row) for row in connection.execute(_running())}
            return [_worker_of(row, running.get(row.name)) for row in connection.execute(query)]


def queue_states(connection: Connection) -> Mapping[str, QueueState]:
    """Return each queue by its name."""
    return {row.name: _state_of(row) for row in connection.execute(_states())}


def _hours(queue: str | None) -> Select[Any]:
    present = func.date_trunc("hour", func.now(), "UTC")
    hour = func.generate_series(present - DAY + HOUR, present, HOUR).table_valued("hour").render_derived()
    is_counted = queue_hours.c.hour == hour.c.hour
    if queue is not None:
        is_counted = and_(is_counted, queue_hours.c.queue == queue)
    sums = (func.coalesce(func.sum(queue_hours.c[name]), 0).label(name) for name in ("completed", "failed"))
    return (
        select(hour.c.hour, *sums)
        .select_from(hour.outerjoin(queue_hours, is_counted))
        .group_by(hour.c.hour)
        .order_by(hour.c.hour)
    )


def _states() -> Select[Any]:
    # Stable within a statement, as the clock is not: only so an index can be asked for what is due.
    now = func.now()
    sums = (func.sum(queue_counts.c[status]).label(status) for status in ActionStatus)
    served = func.max(queue_counts.c.served_at).label("served_at")
    counts = select(queue_counts.c.queue, *sums, served).group_by(queue_counts.c.queue).subquery()
    due = (_of_queue("pending"), job_actions.c.due_at <= now)
    oldest = select(job_actions.c.sent_at).where(*due).order_by(job_actions.c.due_at).limit(1).scalar_subquery()
    unsent = select(func.min(job_actions.c.due_at)).where(_of_queue("pending"), job_actions.c.sent_at.is_(None))
    overdue_run = or_(job_actions.c.lease_until < now - OVERDUE, job_actions.c.deadline < now - OVERDUE)
    columns = {
        "waited": select(now - func.min(job_actions.c.due_at)).where(*due),
        "scheduled": select(func.count()).where(_of_queue("pending"), job_actions.c.due_at > now),
        "workers": select(func.count()).where(workers.c.queue == queues.c.name, lives()),
    }
    facts = {
        "has_overdue_run": exists().where(_of_queue("processing"), overdue_run),
        # The least, not EXISTS: for that a table full of such work would be read for each queue that has none.
        "has_unsent_work": func.coalesce(unsent.scalar_subquery() < now - OVERDUE, False),
        "has_old_message": func.coalesce(oldest < now - OVERDUE, False),
        # Between two runs nothing is at work for a moment.
        "is_served": func.coalesce(counts.c.served_at >= now - OVERDUE, False),
    }
    return (
        select(queues, *(func.coalesce(counts.c[status], 0).label(status) for status in ActionStatus))
        .add_columns(*(query.correlate(queues).scalar_subquery().label(name) for name, query in columns.items()))
        .add_columns(*(fact.label(name) for name, fact in facts.items()))
        .outerjoin(counts, counts.c.queue == queues.c.name)
        .order_by(queues.c.name)
    )


def _of_queue(status: str) -> ColumnElement[bool]:
    return and_(job_actions.c.status == status, job_actions.c.queue == queues.c.name)


def _state_of(row: Row[Any]) -> QueueState:
    return QueueState(
        queued=max(0, int(row.pending) - row.scheduled),
        scheduled=row.scheduled,
        started=int(row.processing),
        finished=int(row.completed),
        failed=int(row.failed),
        cancelled=int(row.cancelled),
        oldest_pending_seconds=None if row.waited is None else max(0.0, row.waited.total_seconds()),
        workers=row.workers,
        paused_at=row.paused_at,
        has_overdue_run=row.has_overdue_run,
        has_unsent_work=row.has_unsent_work,
        has_unserved_work=row.has_old_message and not row.processing and not row.is_served,
    )


def _running() -> Select[Any]:
    waits = events.alias("waits")
    waited = select(func.max(waits.c.id)).where(
        waits.c.job_id == job_actions.c.job_id, waits.c.action_id == job_actions.c.id, waits.c.kind == "pending"
    )
    # A run has further lines, that a cancel was asked for say.
    begun = select(func.min(events.c.at)).where(
        events.c.job_id == job_actions.c.job_id,
        events.c.action_id == job_actions.c.id,
        events.c.id > waited.correlate(job_actions).scalar_subquery(),
    )
    since = begun.correlate(job_actions).scalar_subquery().label("since")
    return (
        select(job_actions, jobs.c.document_id, documents.c.filename, since)
        .join(jobs, jobs.c.id == job_actions.c.job_id)
        .outerjoin(documents, documents.c.id == jobs.c.document_id)
        .where(job_actions.c.status == ActionStatus.PROCESSING)
        .order_by(job_actions.c.lease_until)
    )


def _running_of(row: Row[Any]) -> RunningAction:
    return RunningAction(
        action=action_of(row), document_id=row.document_id, filename=row.filename, since=row.since or row.started_at
    )


def _worker_of(row: Row[Any], running: RunningAction | None) -> WorkerState:
    return WorkerState(
        process=WorkerProcess(name=row.name, queue=row.queue, host=row.host, pid=row.pid),
        started_at=row.started_at,
        seen_at=row.seen_at,
        is_alive=row.is_alive,
        running=running,
    )
