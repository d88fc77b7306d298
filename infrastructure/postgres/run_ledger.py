"""What a run tells while it works: that it lives, and how far it is."""

from datetime import timedelta

from sqlalchemy import ColumnElement, Connection, Engine, func, select, update

from domain.action import ActionStatus, Run
from domain.errors import DeadlineExceeded, LeaseLost
from domain.report import Report
from infrastructure.postgres.errors import database_errors
from infrastructure.postgres.job_store import JOB_CHANNEL
from infrastructure.postgres.rows import report_values
from infrastructure.postgres.tables import job_actions, jobs


class PostgresRunLedger:
    """Implements application/ports/run_ledger.py. Safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def beat(self, run: Run, *, lease: timedelta) -> bool:
        """Extend the lease; tell whether the owner wants the work cancelled.

        The deadline moves by the time between the end of the last lease and now: the database was away, or the machine
        slept, and no work was done.
        """
        now = func.statement_timestamp()
        away = func.greatest(now - job_actions.c.lease_until, timedelta())
        alive = (
            update(job_actions)
            .where(*_held_by(run), job_actions.c.deadline + away > now)
            .values(lease_until=now + lease, deadline=job_actions.c.deadline + away)
            .returning(job_actions.c.cancel_requested)
        )
        with database_errors(), self._engine.begin() as connection:
            row = connection.execute(alive).one_or_none()
            if row is None:
                raise DeadlineExceeded if self._is_held(connection, run) else LeaseLost
            return bool(row.cancel_requested)

    def report(self, run: Run, report: Report) -> None:
        """Write progress under the job's lock, as every change of the job's version is."""
        job_id = select(job_actions.c.job_id).where(job_actions.c.id == run.action_id).scalar_subquery()
        with database_errors(), self._engine.begin() as connection:
            version = update(jobs).where(jobs.c.id == job_id).values(version=jobs.c.version + 1).returning(jobs.c.id)
            job = connection.execute(version).scalar_one_or_none()
            written = connection.execute(update(job_actions).where(*_held_by(run)).values(report=report_values(report)))
            if written.rowcount != 1:
                raise LeaseLost
            connection.execute(select(func.pg_notify(JOB_CHANNEL, str(job))))

    @staticmethod
    def _is_held(connection: Connection, run: Run) -> bool:
        return connection.execute(select(job_actions.c.id).where(*_held_by(run))).first() is not None


def _held_by(run: Run) -> tuple[ColumnElement[bool], ...]:
    return (
        job_actions.c.id == run.action_id,
        job_actions.c.run_lease == run.run_lease,
        job_actions.c.status == ActionStatus.PROCESSING,
    )
