"""Enqueues a task that is about no document, such as a cleanup."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from application.ports.unit_of_work import Transactions, UnitOfWork
from domain.job import Job, new_task_job


@dataclass(frozen=True, slots=True, kw_only=True)
class StartTask:
    """Starts a task, or points to the same one that is running."""

    transactions: Transactions
    action_type: str
    queue: str
    max_attempts: int
    wake_relay: Callable[[], None]

    def __call__(self, params: Mapping[str, object]) -> Job:
        """Return the job, new or running. Raises DatabaseUnavailable."""
        with self.transactions() as transaction:
            job = self.enqueue(transaction, params)
            transaction.commit()
        self.wake_relay()
        return job

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
