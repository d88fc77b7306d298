"""Lets a queue start nothing until it is resumed."""

from dataclasses import dataclass
from datetime import datetime

from application.ports.unit_of_work import Transactions


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseQueue:
    """What runs goes on; what was sent already is put back when a worker takes it up. Safe to run twice."""

    transactions: Transactions

    def __call__(self, name: str) -> datetime:
        """Return since when it is paused. Raises QueueNotFound."""
        with self.transactions() as transaction:
            since = transaction.queues.pause(name)
            transaction.commit()
        return since
