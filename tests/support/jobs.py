"""Jobs in a database, for tests of what becomes of them."""

from sqlalchemy import Engine

from domain.action import Action
from domain.ids import DEFAULT_TENANT, DocumentId, JobId, new_uuid7
from domain.job import Job, new_index_job
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork


def add_job(engine: Engine, *, etag: str = "e", max_attempts: int = 4) -> Job:
    """Store a job with one action, due now."""
    with PostgresUnitOfWork(engine) as transaction:
        job = new_index_job(
            document_id=DocumentId(new_uuid7()),
            tenant_id=DEFAULT_TENANT,
            etag=etag,
            max_attempts=max_attempts,
            now=transaction.now(),
        )
        transaction.jobs.add(job)
        transaction.commit()
    return job


def read_action(engine: Engine, job_id: JobId) -> Action:
    """Return a job's only action as it is now."""
    with PostgresUnitOfWork(engine) as transaction:
        return transaction.jobs.lock(job_id).actions[0]
