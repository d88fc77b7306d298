"""Jobs with their actions, inside a transaction."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    DateTime,
    Row,
    Select,
    String,
    cast,
    func,
    insert,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from application.counting import counted_change, counted_creation, counted_refusal
from application.ports.job_store import Dispatch
from domain.action import Action, ActionStatus, Run
from domain.callback import callback_of
from domain.errors import JobNotFound
from domain.ids import ActionId, DocumentId, JobId
from domain.job import Job
from domain.report import StageTimes
from infrastructure.postgres.counters import append
from infrastructure.postgres.errors import database_errors
from infrastructure.postgres.rows import action_of, action_values, job_of, stages_values
from infrastructure.postgres.tables import documents, events, job_actions, jobs, queues

JOB_CHANNEL = "esteira_jobs"
_NONE: Mapping[ActionId, Action] = {}


class PostgresJobStore:
    """Implements application/ports/job_store.py."""

    def __init__(self, connection: Connection, *, trace: Callable[[], str | None] = lambda: None) -> None:
        self._connection = connection
        self._trace = trace

    def add(self, *added: Job) -> None:
        """Insert jobs with their actions."""
        if not added:
            return
        actions = [action for job in added for action in job.actions]
        with database_errors():
            trace = {"traceparent": self._trace()}
            self._connection.execute(insert(jobs), [_job_values(job) | trace for job in added])
            self._connection.execute(insert(job_actions), [action_values(action) for action in actions])
            self._record(*((job, job.actions) for job in added))
            append(self._connection, map(counted_creation, actions))

    def lock(self, job_id: JobId) -> Job:
        """Lock the job, then its actions."""
        with database_errors():
            row = self._connection.execute(select(jobs).where(jobs.c.id == job_id).with_for_update()).one_or_none()
            if row is None:
                raise JobNotFound
            actions = self._connection.execute(
                select(job_actions).where(job_actions.c.job_id == job_id).order_by(job_actions.c.id).with_for_update()
            )
            return job_of(row, tuple(map(action_of, actions)))

    def unfinished(self, document_id: DocumentId) -> Sequence[JobId]:
        """Find the document's jobs that have not ended."""
        query = select(jobs.c.id).where(jobs.c.document_id == document_id, jobs.c.completed_at.is_(None))
        with database_errors():
            return [JobId(row.id) for row in self._connection.execute(query.order_by(jobs.c.id))]

    def lock_of(self, action_id: ActionId) -> Job:
        """Lock the job of an action."""
        with database_errors():
            job_id = self._connection.execute(
                select(job_actions.c.job_id).where(job_actions.c.id == action_id)
            ).scalar_one_or_none()
        if job_id is None:
            raise JobNotFound
        return self.lock(job_id)

    def try_lock_of(self, action_id: ActionId) -> Job | None:
        """Lock the job and its actions if all of them are free."""
        job_id = select(job_actions.c.job_id).where(job_actions.c.id == action_id).scalar_subquery()
        free_job = select(jobs).where(jobs.c.id == job_id).with_for_update(skip_locked=True)
        with database_errors():
            row = self._connection.execute(free_job).one_or_none()
            if row is None:
                return None
            actions = select(job_actions).where(job_actions.c.job_id == row.id).order_by(job_actions.c.id)
            free = self._connection.execute(actions.with_for_update(skip_locked=True)).all()
            if len(free) < len(self._connection.execute(actions).all()):
                return None
            return job_of(row, tuple(map(action_of, free)))

    def document_of(self, job_id: JobId) -> DocumentId | None:
        """Read the document's id."""
        with database_errors():
            row = self._connection.execute(select(jobs.c.document_id).where(jobs.c.id == job_id)).one_or_none()
        if row is None:
            raise JobNotFound
        return None if row.document_id is None else DocumentId(row.document_id)

    def save(self, job: Job) -> None:
        """Write the actions that changed; the timeline gets a line for each whose status or message changed."""
        with database_errors():
            clock = func.clock_timestamp(type_=DateTime(timezone=True)).label("now")
            rows = self._connection.execute(select(job_actions, clock).where(job_actions.c.job_id == job.id)).all()
            before = {row.id: action_of(row) for row in rows}
            self._connection.execute(update(jobs).where(jobs.c.id == job.id).values(**_job_state(job)))
            changed = [action for action in job.actions if action != before[action.id]]
            for action in changed:
                self._connection.execute(
                    update(job_actions).where(job_actions.c.id == action.id).values(action_values(action))
                )
            self._record((job, [a for a in changed if _milestone(a) != _milestone(before[a.id])]), before=before)
            append(self._connection, (c for a in changed for c in counted_change(before[a.id], a, now=rows[0].now)))
        if job.callback_url and job.is_final and not all(action.is_final for action in before.values()):
            self.add(callback_of(job, now=rows[0].now))

    def count_refused(self, action: Action) -> None:
        """Append to the counters."""
        with database_errors():
            append(self._connection, [counted_refusal(action)])

    def take_unsent(self, limit: int, *, types: Collection[str]) -> Sequence[Dispatch]:
        """Lock pending actions that are due and unsent."""
        # The head of each queue, so that what waits in a paused one is never read.
        due = (
            select(job_actions)
            .where(job_actions.c.status == ActionStatus.PENDING, job_actions.c.sent_at.is_(None))
            .where(job_actions.c.queue == queues.c.name, job_actions.c.type.in_(types))
            .where(job_actions.c.due_at <= func.clock_timestamp())
            .order_by(job_actions.c.due_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
            .lateral("due")
        )
        query = (
            select(due, cast(documents.c.id, String).label("document_id"), documents.c.filename)
            .select_from(queues)
            .join(due, true())
            .join(jobs, jobs.c.id == due.c.job_id)
            .outerjoin(documents, documents.c.id == jobs.c.document_id)
            .where(queues.c.paused_at.is_(None))
            .order_by(due.c.due_at)
            .limit(limit)
        )
        with database_errors():
            return [_dispatch_of(row) for row in self._connection.execute(query)]

    def mark_sent(self, action_ids: Sequence[ActionId]) -> None:
        """Note that messages are in the queue."""
        with database_errors():
            self._connection.execute(
                update(job_actions).where(job_actions.c.id.in_(action_ids)).values(sent_at=func.clock_timestamp())
            )

    def expired(self, limit: int, *, after_start: timedelta) -> Sequence[ActionId]:
        """Find runs that stopped beating or are overdue."""
        query = (
            select(job_actions.c.id)
            .where(job_actions.c.status == ActionStatus.PROCESSING)
            .where(
                or_(
                    job_actions.c.lease_until < func.clock_timestamp(),
                    job_actions.c.deadline < func.clock_timestamp(),
                )
            )
            .where(func.pg_postmaster_start_time() < func.clock_timestamp() - after_start)
            .order_by(job_actions.c.lease_until)
            .limit(limit)
        )
        with database_errors():
            return list(self._connection.execute(query).scalars())

    def sent_before(self, seconds: float, limit: int) -> Sequence[Action]:
        """Find pending actions whose message is old."""
        sent = (
            select(job_actions)
            .where(job_actions.c.status == ActionStatus.PENDING, job_actions.c.queue == queues.c.name)
            .where(job_actions.c.sent_at < func.clock_timestamp() - timedelta(seconds=seconds))
            .order_by(job_actions.c.due_at)
            .limit(limit)
            .lateral("sent")
        )
        with database_errors():
            return [
                action_of(row) for row in self._connection.execute(select(sent).select_from(queues).join(sent, true()))
            ]

    def failed(self, *, code: str | None, before: datetime, limit: int) -> Sequence[JobId]:
        """Find the dead letters' jobs."""
        query = _failed(job_actions.c.job_id, func.min(job_actions.c.completed_at), code=code, before=before)
        query = query.group_by(job_actions.c.job_id).order_by(func.min(job_actions.c.completed_at)).limit(limit)
        with database_errors():
            return [JobId(row.job_id) for row in self._connection.execute(query)]

    def count_failed(self, *, code: str | None, before: datetime) -> int:
        """Count the dead letters' jobs."""
        query = _failed(func.count(job_actions.c.job_id.distinct()), code=code, before=before)
        with database_errors():
            return int(self._connection.execute(query).scalar_one())

    def unclean(self, limit: int, *, types: Collection[str]) -> Sequence[Action]:
        """Find runs that are over and were not cleared up behind."""
        query = (
            select(job_actions)
            .where(job_actions.c.unclean, job_actions.c.status != ActionStatus.PROCESSING)
            .where(job_actions.c.type.in_(types))
            .order_by(job_actions.c.id)
            .limit(limit)
        )
        with database_errors():
            return [action_of(row) for row in self._connection.execute(query)]

    def mark_clean(self, run: Run) -> None:
        """Take the mark away, unless another run has begun."""
        over = (
            update(job_actions)
            .where(job_actions.c.id == run.action_id, job_actions.c.run_lease == run.run_lease)
            .where(job_actions.c.status != ActionStatus.PROCESSING)
            .values(unclean=False)
        )
        with database_errors():
            self._connection.execute(over)

    def _record(self, *milestones: tuple[Job, Sequence[Action]], before: Mapping[ActionId, Action] = _NONE) -> None:
        lines = [
            {
                "job_id": job.id,
                "action_id": action.id,
                "version": job.version,
                "kind": action.status,
                "detail": {
                    "attempt": action.attempt,
                    "worker": action.worker,
                    "error": action.error.code if action.error else None,
                    "message": action.error.message if action.error else None,
                    "dispatch_no": action.dispatch_no,
                    "stages": stages_values(_ended_stages(before.get(action.id), action)),
                },
            }
            for job, changed in milestones
            for action in changed
        ]
        if lines:
            self._connection.execute(insert(events), lines)
        job_ids = func.unnest(cast([str(job.id) for job, _ in milestones], ARRAY(String)))
        self._connection.execute(select(func.pg_notify(JOB_CHANNEL, job_ids)))


def _failed(*columns: ColumnElement[Any], code: str | None, before: datetime) -> Select[Any]:
    query = (
        select(*columns)
        .join(jobs, jobs.c.id == job_actions.c.job_id)
        .where(job_actions.c.status == ActionStatus.FAILED, job_actions.c.completed_at < before)
        .where(is_latest())
    )
    return query if code is None else query.where(job_actions.c.error["code"].astext == code)


def is_latest() -> ColumnElement[bool]:
    """Tell of a row of `jobs` if it is its document's latest job, or of no document."""
    of_document = (
        select(documents.c.job_id).where(documents.c.id == jobs.c.document_id).correlate(jobs).scalar_subquery()
    )
    return or_(jobs.c.document_id.is_(None), of_document == jobs.c.id)


def _milestone(action: Action) -> tuple[object, ...]:
    return (action.status, action.dispatch_no, action.run_lease, action.cancel_requested)


def _ended_stages(before: Action | None, after: Action) -> Sequence[StageTimes]:
    """Return the stages of the run that this step ended: the next run's report takes the place of this one's."""
    if before is None or before.status is not ActionStatus.PROCESSING or after.status is ActionStatus.PROCESSING:
        return ()
    return (after if after.is_final else before).report.stages


def _job_values(job: Job) -> dict[str, object]:
    described = {"id": job.id, "tenant_id": job.tenant_id, "document_id": job.document_id, "created_at": job.created_at}
    return described | _job_state(job)


def _job_state(job: Job) -> dict[str, object]:
    return {
        "version": job.version,
        "status": job.status,
        "started_at": job.started_at,
        "completed_at": job.completed_at,
        "callback_url": job.callback_url,
    }


def _dispatch_of(row: Row[Any]) -> Dispatch:
    return Dispatch(action=action_of(row), document_id=row.document_id, filename=row.filename)
