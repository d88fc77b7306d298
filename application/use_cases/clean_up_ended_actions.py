"""The sweeper: drops what ended work has left behind, where the worker that ended it died before it could."""

from collections.abc import Mapping
from dataclasses import dataclass

from application.ports.unit_of_work import Transactions
from application.run_action import ActionType

BATCH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanUpEndedActions:
    """Goes once over every action that ended a while ago. Safe to run in many processes at once."""

    transactions: Transactions
    action_types: Mapping[str, ActionType]
    patience_seconds: float

    def __call__(self) -> int:
        """Return how many actions were gone over. Raises DatabaseUnavailable."""
        with self.transactions() as transaction:
            ended = transaction.jobs.uncleaned(self.patience_seconds, BATCH)
        for action in ended:
            self.action_types[action.type].handler.clean_up(action)
        if ended:
            with self.transactions() as transaction:
                transaction.jobs.mark_cleaned(ended)
                transaction.commit()
        return len(ended)
