"""Tries failed work again because a person wants so."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from application.ports.unit_of_work import Transactions
from domain.errors import NotFailed
from domain.ids import JobId
from domain.job import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryJob:
    """Starts what failed anew, with all its attempts. Safe to run twice: the second finds nothing failed."""

    transactions: Transactions
    wake_relay: Callable[[], None]

    def __call__(self, job_id: JobId, *, failed_before: datetime | None = None) -> Job:
        """Return the job as it is now. With `failed_before`, one that failed since is left alone.

        Raises JobNotFound, NotFailed; DocumentNotFound when that is deleted.
        """
        with self.transactions() as transaction:
            document_id = transaction.jobs.document_of(job_id)
            if document_id and transaction.documents.lock(document_id).job_id != job_id:
                raise NotFailed("The document was processed anew since; its latest job can be tried again.")
            job = transaction.jobs.lock(job_id)
            if failed_before is not None and not job.has_failure_before(failed_before):
                raise NotFailed
            job = job.retry(now=transaction.now())
            transaction.jobs.save(job)
            transaction.commit()
        self.wake_relay()
        return job
