"""Forgets what is kept for a while only: results, events, ended jobs, embeddings that nobody used again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from application.call_in_turn import call_in_turn
from application.ports.history import History, Record
from application.ports.run_context import RunContext
from application.ports.unit_of_work import Transactions
from application.sweep import BATCH
from domain.cleanup import Amount, Orders, Swept


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetHistory:
    """What has no retention is kept for ever."""

    transactions: Transactions
    history: History
    retention: Mapping[Record, timedelta]

    def __call__(self, orders: Orders, context: RunContext) -> Sequence[Swept]:
        """Sweep each kind."""
        with self.transactions() as transaction:
            now = transaction.now()
        return call_in_turn(
            partial(self._forget, record, now - kept, orders, context) for record, kept in self.retention.items()
        )

    def _forget(self, record: Record, before: datetime, orders: Orders, context: RunContext) -> Swept:
        if orders.dry_run:
            return Swept(kind=record, amount=self.history.count(record, before=before))
        total = Amount()
        while True:
            context.check()
            gone = self.history.forget(record, before=before, limit=BATCH)
            total += gone
            if not gone.count:
                return Swept(kind=record, amount=total)
