"""The relay: puts a message into the queue for every action that is due and has none. The database is the outbox."""

from collections.abc import Mapping
from dataclasses import dataclass

from application.ports.doorbell import Doorbell
from application.ports.unit_of_work import Transactions

# Few, as their locks are held while Redis is told.
BATCH = 25
# A process that is asked to stop waits for the turn it is in.
MOST_A_TURN = 10 * BATCH


@dataclass(frozen=True, slots=True, kw_only=True)
class SendDueActions:
    """Safe to run in many processes at once: each takes actions that no other has locked."""

    transactions: Transactions
    doorbell: Doorbell
    action_timeouts: Mapping[str, float]

    def __call__(self) -> int:
        """Send what is due, MOST_A_TURN at most; return how many. Raises QueueUnavailable, DatabaseUnavailable."""
        total = 0
        while total < MOST_A_TURN and (sent := self._send_batch()):
            total += sent
        return total

    def _send_batch(self) -> int:
        with self.transactions() as transaction:
            dispatches = transaction.jobs.take_unsent(BATCH, types=self.action_timeouts.keys())
            for dispatch in dispatches:
                self.doorbell.ring(dispatch, timeout_seconds=self.action_timeouts[dispatch.action.type])
            if dispatches:
                transaction.jobs.mark_sent([dispatch.action.id for dispatch in dispatches])
                transaction.commit()
        return len(dispatches)
