"""Ends work that its owner does not want any more."""

from dataclasses import dataclass

from application.ports.unit_of_work import Transactions
from domain.ids import JobId
from domain.job import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelJob:
    """Cancels at once what waits; asks the worker of what runs, which obeys within its beat."""

    transactions: Transactions

    def __call__(self, job_id: JobId) -> Job:
        """Return the job as it is now. Raises JobNotFound, AlreadyFinal."""
        with self.transactions() as transaction:
            job = transaction.jobs.lock(job_id).request_cancel(now=transaction.now())
            transaction.jobs.save(job)
            transaction.commit()
        return job
