"""Enqueues a task that is about no document, such as a cleanup."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from application.ports.unit_of_work import Transactions, UnitOfWork
from application.started_job import StartedJob, keep_started, started_before
from domain.idempotent_request import KEY_LIFETIME, IdempotentRequest
from domain.job import Job, new_task_job


@dataclass(frozen=True, slots=True, kw_only=True)
class StartTask:
    """Starts a task, or points to the same one that is running."""

    transactions: Transactions
    action_type: str
    queue: str
    max_attempts: int
    wake_relay: Callable[[], None]
    key_lifetime: timedelta = KEY_LIFETIME

    def __call__(self, params: Mapping[str, object], *, request: IdempotentRequest | None = None) -> StartedJob:
        """Return the job, new or running. Raises RequestInFlight, IdempotencyKeyReused, DatabaseUnavailable."""
        with self.transactions() as transaction:
            if known := started_before(transaction, request, lifetime=self.key_lifetime):
                return known
            job = self.enqueue(transaction, params)
            keep_started(transaction, request, job)
            transaction.commit()
        self.wake_relay()
        return StartedJob(job=job)

    def enqueue(self, transaction: UnitOfWork, params: Mapping[str, object]) -> Job:
        """Add a job in this transaction, or return the running one."""
        running = transaction.tasks.running(self.action_type, params)
        if running:
            return transaction.jobs.lock(running)
        job = new_task_job(
            action_type=self.action_type,
            queue=self.queue,
            params=params,
            max_attempts=self.max_attempts,
            now=transaction.now(),
        )
        transaction.jobs.add(job)
        return job
