"""Tries again what failed for one cause, once the cause is gone."""

from dataclasses import dataclass
from datetime import datetime

from application.ports.unit_of_work import Transactions
from application.use_cases.retry_job import RetryJob
from domain.errors import DocumentNotFound, JobNotFound, NotFailed
from domain.ids import JobId

# So that a call is over before a client gives up on it: each takes some milliseconds.
LIMIT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What one call did: how many jobs it retried, and how many there are left of those that failed before then."""

    retried: int
    remaining: int
    failed_before: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayDeadLetters:
    """Retries up to `limit` jobs, each in a transaction of its own: a replay that breaks off can be repeated."""

    transactions: Transactions
    retry_job: RetryJob
    limit: int = LIMIT

    def __call__(self, *, code: str | None = None, failed_before: datetime | None = None) -> Replay:
        """Retry what failed with `code` (None: with any) before then (None: now), oldest first.

        What fails once more meanwhile is not retried again, also by calls at the same time, and later ones with the
        same `failed_before`. Raises DatabaseUnavailable.
        """
        with self.transactions() as transaction:
            before = min(failed_before or transaction.now(), transaction.now())
            found = transaction.jobs.failed(code=code, before=before, limit=self.limit)
        retried = sum(self._retry(job_id, before) for job_id in found)
        with self.transactions() as transaction:
            remaining = transaction.jobs.count_failed(code=code, before=before)
        return Replay(retried=retried, remaining=remaining, failed_before=before)

    def _retry(self, job_id: JobId, before: datetime) -> bool:
        try:
            self.retry_job(job_id, failed_before=before)
        except (NotFailed, JobNotFound, DocumentNotFound):
            return False  # somebody else retried or deleted it meanwhile
        return True
