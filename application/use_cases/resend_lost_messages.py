"""The reconciler: sends again what was sent but is not in the queue any more (Redis wiped, a worker died with it)."""

from dataclasses import dataclass

from application.ports.doorbell import Doorbell, message_name
from application.ports.unit_of_work import Transactions
from domain.action import Action, ActionStatus
from domain.ids import ActionId

BATCH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ResendLostMessages:
    """A needless resend is harmless: it makes the older message stale, and a claim asks for the newest."""

    transactions: Transactions
    doorbell: Doorbell
    patience_seconds: float

    def __call__(self) -> int:
        """Return how many actions are to be sent again. Raises QueueUnavailable, DatabaseUnavailable."""
        with self.transactions() as transaction:
            suspects = transaction.jobs.sent_before(self.patience_seconds, BATCH)
        waiting = {queue: self.doorbell.waiting(queue) for queue in {action.queue for action in suspects}}
        lost = [a for a in suspects if message_name(a.id, a.dispatch_no) not in waiting[a.queue]]
        return sum(self._resend(action.id, action) for action in lost)

    def _resend(self, action_id: ActionId, seen: Action) -> bool:
        with self.transactions() as transaction:
            job = transaction.jobs.try_lock_of(action_id)
            if job is None:
                return False
            action = job.action(action_id)
            if action.status is not ActionStatus.PENDING or action.dispatch_no != seen.dispatch_no:
                return False
            now = transaction.now()
            transaction.jobs.save(job.change(action_id, lambda a: a.resend(now=now)))
            transaction.commit()
            return True
