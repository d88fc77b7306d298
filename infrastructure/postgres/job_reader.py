"""Jobs with what happened to them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, DateTime, Engine, Select, exists, func, select

from application.ports.dead_letter_reader import HistoryLine
from application.ports.job_reader import JobFilter, JobHistory, JobState
from application.state_version import StateVersion
from domain.action import Action
from domain.errors import JobNotFound
from domain.ids import ActionId, JobId, TenantId
from domain.job import Job
from infrastructure.postgres.dead_letter_reader import history_line_of
from infrastructure.postgres.errors import database_errors
from infrastructure.postgres.rows import action_of, job_of
from infrastructure.postgres.tables import documents, events, job_actions, jobs

_JOBS = select(jobs, documents.c.filename).outerjoin(documents, documents.c.id == jobs.c.document_id)


class PostgresJobReader:
    """Implements application/ports/job_reader.py."""

    def __init__(self, engine: Engine) -> None:
        # One snapshot for all statements, or a job would be shown with the actions of a moment later.
        self._engine = engine.execution_options(isolation_level="REPEATABLE READ")

    def page(self, job_filter: JobFilter, *, before: JobId | None, limit: int) -> Sequence[JobState]:
        """Return jobs, newest first."""
        query = _JOBS.where(jobs.c.tenant_id == job_filter.tenant_id)
        if before is not None:
            query = query.where(jobs.c.id < before)
        if job_filter.status is not None:
            query = query.where(jobs.c.status == job_filter.status)
        if job_filter.document_id is not None:
            query = query.where(jobs.c.document_id == job_filter.document_id)
        if job_filter.queue is not None:
            query = query.where(
                exists().where(job_actions.c.job_id == jobs.c.id, job_actions.c.queue == job_filter.queue)
            )
        with database_errors(), self._engine.connect() as connection:
            return _states(connection, query.order_by(jobs.c.id.desc()).limit(limit))

    def get(self, tenant_id: TenantId, job_id: JobId) -> Job:
        """Read the job and its actions."""
        with database_errors(), self._engine.connect() as connection:
            states = _states(connection, _one(tenant_id, job_id))
        if not states:
            raise JobNotFound
        return states[0].job

    def several(self, tenant_id: TenantId, job_ids: Sequence[JobId]) -> Sequence[Job]:
        """Read the jobs and their actions."""
        query = _JOBS.where(jobs.c.tenant_id == tenant_id, jobs.c.id.in_(job_ids))
        with database_errors(), self._engine.connect() as connection:
            return [state.job for state in _states(connection, query)]

    def versions(self, tenant_id: TenantId, job_ids: Sequence[JobId]) -> Mapping[JobId, StateVersion]:
        """Read the versions alone."""
        query = select(jobs.c.id, jobs.c.version).where(jobs.c.tenant_id == tenant_id, jobs.c.id.in_(job_ids))
        with database_errors(), self._engine.connect() as connection:
            return {JobId(row.id): StateVersion(row.version) for row in connection.execute(query)}

    def history(self, tenant_id: TenantId, job_id: JobId) -> JobHistory:
        """Read the job and its timeline."""
        with database_errors(), self._engine.connect() as connection:
            states = _states(connection, _one(tenant_id, job_id))
            lines: dict[ActionId, list[HistoryLine]] = defaultdict(list)
            for row in connection.execute(select(events).where(events.c.job_id == job_id).order_by(events.c.id)):
                lines[row.action_id].append(history_line_of(row))
            now = connection.execute(select(func.clock_timestamp(type_=DateTime(timezone=True)))).scalar_one()
        if not states:
            raise JobNotFound
        return JobHistory(state=states[0], lines=lines, read_at=now)


def _one(tenant_id: TenantId, job_id: JobId) -> Select[Any]:
    return _JOBS.where(jobs.c.tenant_id == tenant_id, jobs.c.id == job_id)


def _states(connection: Connection, query: Select[Any]) -> list[JobState]:
    rows = connection.execute(query).all()
    actions: dict[JobId, list[Action]] = defaultdict(list)
    of_jobs = select(job_actions).where(job_actions.c.job_id.in_([row.id for row in rows])).order_by(job_actions.c.id)
    for row in connection.execute(of_jobs):
        actions[row.job_id].append(action_of(row))
    return [JobState(job=job_of(row, tuple(actions[row.id])), filename=row.filename) for row in rows]
