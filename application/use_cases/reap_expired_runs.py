"""The reaper: takes actions back from workers that died, hang, or are overdue."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from application.ports.unit_of_work import Transactions
from application.run_action import ActionType, clean_up_each
from domain.action import Action, ActionStatus
from domain.ids import ActionId
from domain.retry_policy import RetryPolicy

BATCH = 100


@dataclass(slots=True, kw_only=True)
class ReapExpiredRuns:
    """Safe to run in many processes at once: each action is looked at again under its job's lock.

    While the database is away or the machine sleeps nobody can beat, and that is no crash. So every worker has a whole
    `lease` to beat again after a start of the database, and after a gap that this process has seen: half a lease
    without a turn that ended well, by its own clock, which stands still in sleep, or by the database's.
    """

    transactions: Transactions
    action_types: Mapping[str, ActionType]
    lease: timedelta
    clock: Callable[[], float] = time.monotonic
    _last_good: tuple[float, datetime] | None = None
    _wait_until: float = -math.inf

    def __call__(self) -> int:
        """Return how many runs were ended. Raises DatabaseUnavailable."""
        with self.transactions() as transaction:
            suspects = transaction.jobs.expired(BATCH, after_start=self.lease)
            looked_at = transaction.now()
        now = self.clock()
        if self._was_away(now, looked_at):
            self._wait_until = now + self.lease.total_seconds()
        reaped: list[Action] = []
        if now >= self._wait_until:
            reaped = [action for suspect in suspects if (action := self._reap(suspect))]
        self._last_good = (now, looked_at)
        clean_up_each(self.transactions, self.action_types, reaped)
        return len(reaped)

    def _was_away(self, now: float, looked_at: datetime) -> bool:
        if self._last_good is None:
            return False
        clock_then, database_then = self._last_good
        return max(timedelta(seconds=now - clock_then), looked_at - database_then) > self.lease / 2

    def _reap(self, action_id: ActionId) -> Action | None:
        with self.transactions() as transaction:
            job = transaction.jobs.try_lock_of(action_id)
            if job is None:
                return None
            action = job.action(action_id)
            now = transaction.now()
            if action.status is not ActionStatus.PROCESSING or not action.is_expired(now=now):
                return None
            # Of a type whose package is gone: it waits again, where the doctor finds it and it can be cancelled.
            policy = known.retry if (known := self.action_types.get(action.type)) else RetryPolicy()
            job = job.change(action_id, lambda a: a.lose_worker(now=now, policy=policy))
            transaction.jobs.save(job)
            transaction.commit()
            return job.action(action_id)
