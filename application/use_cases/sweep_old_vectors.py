"""Deletes the vectors of models that are neither live nor in preparation, and were not for a while."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from application.ports.old_vectors import OldVectors
from application.ports.run_context import RunContext
from application.ports.unit_of_work import Transactions
from application.sweep import BATCH
from domain.cleanup import Amount, Orders, Swept


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepOldVectors:
    """They are `kept` so that a search that began before a swap ends well, and a swap back costs nothing."""

    transactions: Transactions
    old: OldVectors
    kept: timedelta

    def __call__(self, orders: Orders, context: RunContext) -> Sequence[Swept]:
        """Sweep model by model."""
        with self.transactions() as transaction:
            before = transaction.now() - self.kept
        swept = Swept(kind="old_vectors")
        for model_name in self.old.models(before):
            context.check()
            amount = self.old.count(model_name) if orders.dry_run else self._drop(model_name, context)
            if amount.count:
                swept = swept.and_also(model_name, amount)
        return [swept]

    def _drop(self, model_name: str, context: RunContext) -> Amount:
        # The index first: a row is deleted quicker without. If it is in use, the next cleanup takes it.
        self.old.drop_index(model_name)
        total = Amount()
        after: int | None = 0
        while after is not None:
            context.check()
            amount, after = self.old.drop(model_name, after=after, limit=BATCH)
            total += amount
        return total
