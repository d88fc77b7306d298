"""The reaper: takes actions back from workers that died, hang, or are overdue."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from application.ports.unit_of_work import Transactions
from application.run_action import ActionType, clean_up_each
from domain.action import Action, ActionStatus
from domain.ids import ActionId

BATCH = 100


@dataclass(slots=True, kw_only=True)
class ReapExpiredRuns:
    """Safe to run in many processes at once: each action is looked at again under its job's lock.

    While the database is away nobody can beat, and that is no crash. So every worker has a whole `lease` to beat again
    after a start of the database, and after an outage that this process has seen: half a lease without a turn that
    ended well.
    """

    transactions: Transactions
    action_types: Mapping[str, ActionType]
    lease: timedelta
    clock: Callable[[], float] = time.monotonic
    _last_good_at: float | None = None
    _wait_until: float = -math.inf

    def __call__(self) -> int:
        """Return how many runs were ended. Raises DatabaseUnavailable."""
        with self.transactions() as transaction:
            suspects = transaction.jobs.expired(BATCH, types=self.action_types.keys(), after_start=self.lease)
        now, lease = self.clock(), self.lease.total_seconds()
        if self._last_good_at is not None and now - self._last_good_at > lease / 2:
            self._wait_until = now + lease
        reaped: list[Action] = []
        if now >= self._wait_until:
            reaped = [action for suspect in suspects if (action := self._reap(suspect))]
        self._last_good_at = now
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
