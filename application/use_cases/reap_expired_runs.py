"""The reaper: takes actions back from workers that died, hang, or are overdue."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from application.ports.unit_of_work import Transactions
from application.run_action import ActionType, clean_up_each
from domain.action import Action, ActionStatus
from domain.ids import ActionId

BATCH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ReapExpiredRuns:
    """Safe to run in many processes at once: each action is looked at again under its job's lock.

    After a start of the database every worker has a whole `lease` to beat again: an outage of its own is no crash.
    """

    transactions: Transactions
    action_types: Mapping[str, ActionType]
    lease: timedelta

    def __call__(self) -> int:
        """Return how many runs were ended. Raises DatabaseUnavailable."""
        with self.transactions() as transaction:
            suspects = transaction.jobs.expired(BATCH, types=self.action_types.keys(), after_start=self.lease)
        reaped = [action for suspect in suspects if (action := self._reap(suspect))]
        clean_up_each(self.transactions, self.action_types, reaped)
        return len(reaped)

    def _reap(self, action_id: ActionId) -> Action | None:
        with self.transactions() as transaction:
            job = transaction.jobs.try_lock_of(action_id)
            if job is None:
                return None
            action = job.action(action_id)
            now = transaction.now()
            if action.status is not ActionStatus.PROCESSING or not action.is_expired(now=now):
                return None
            policy = self.action_types[action.type].retry
            job = job.change(action_id, lambda a: a.lose_worker(now=now, policy=policy))
            transaction.jobs.save(job)
            transaction.commit()
            return job.action(action_id)
