"""The sweeper: clears up behind runs that are over where their worker or the reaper could not."""

from collections.abc import Mapping
from dataclasses import dataclass

from application.ports.unit_of_work import Transactions
from application.run_action import ActionType, clean_up_each

BATCH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanUpEndedRuns:
    """Safe to run in many processes at once, and beside the worker that clears up behind itself."""

    transactions: Transactions
    action_types: Mapping[str, ActionType]

    def __call__(self) -> int:
        """Return behind how many actions it cleared up. Raises DatabaseUnavailable."""
        with self.transactions() as transaction:
            left = transaction.jobs.unclean(BATCH, types=self.action_types.keys())
        return clean_up_each(self.transactions, self.action_types, left)
