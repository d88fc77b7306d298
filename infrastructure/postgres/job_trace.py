"""The trace that a job belongs to: that of the request which made it."""

from sqlalchemy import Engine, select

from domain.ids import JobId
from infrastructure.postgres.errors import database_errors
from infrastructure.postgres.tables import jobs


def traceparent_of(engine: Engine, job_id: JobId) -> str | None:
    """Return it as W3C Trace Context writes it, None for a job made outside of any. Raises DatabaseUnavailable."""
    query = select(jobs.c.traceparent).where(jobs.c.id == job_id)
    with database_errors(), engine.connect() as connection:
        return connection.execute(query).scalar_one_or_none()
