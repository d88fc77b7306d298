"""Lets a paused queue go on."""

from collections.abc import Callable
from dataclasses import dataclass

from application.ports.unit_of_work import Transactions


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeQueue:
    """Safe to run twice."""

    transactions: Transactions
    wake_relay: Callable[[], None]

    def __call__(self, name: str) -> None:
        """Send what has waited. Raises QueueNotFound."""
        with self.transactions() as transaction:
            transaction.queues.resume(name)
            transaction.commit()
        self.wake_relay()
