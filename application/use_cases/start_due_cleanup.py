"""Starts the daily cleanup when it is due, for those who have no cron."""

from dataclasses import dataclass
from datetime import timedelta

from application.ports.unit_of_work import Transactions
from application.use_cases.start_task import StartTask
from domain.cleanup import CleanupTask, Orders, params_of

SCHEDULE = "cleanup"


@dataclass(frozen=True, slots=True, kw_only=True)
class StartDueCleanup:
    """Safe to run in many processes at once: the schedule's row in the database gives the turn to one of them."""

    transactions: Transactions
    start: StartTask
    every: timedelta

    def __call__(self) -> bool:
        """Return whether it was due. Raises DatabaseUnavailable."""
        with self.transactions() as transaction:
            is_due = transaction.tasks.take_turn(SCHEDULE, every=self.every)
            if is_due:
                self.start.enqueue(transaction, params_of(CleanupTask.DAILY, Orders()))
            transaction.commit()
        return is_due
