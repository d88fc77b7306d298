"""Tries again all that failed for one cause, once the cause is gone."""

from dataclasses import dataclass

from application.ports.unit_of_work import Transactions
from application.use_cases.retry_job import RetryJob
from domain.errors import DocumentNotFound, JobNotFound, NotFailed
from domain.ids import JobId

BATCH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayDeadLetters:
    """Retries each job in a transaction of its own, so that a replay that breaks off can be repeated."""

    transactions: Transactions
    retry_job: RetryJob

    def __call__(self, code: str | None) -> int:
        """Retry what failed with `code` (None: with any) before now; return how many jobs. Raises DatabaseUnavailable.

        What fails once more meanwhile is not retried again.
        """
        with self.transactions() as transaction:
            asked_at = transaction.now()
        total = 0
        while True:
            with self.transactions() as transaction:
                found = transaction.jobs.failed(code=code, before=asked_at, limit=BATCH)
            retried = sum(self._retry(job_id) for job_id in found)
            total += retried
            if not retried:
                return total

    def _retry(self, job_id: JobId) -> bool:
        try:
            self.retry_job(job_id)
        except (NotFailed, JobNotFound, DocumentNotFound):
            return False  # somebody else retried or deleted it meanwhile
        return True
