"""Port: the queue in Redis, which wakes workers. Losing what is in it loses nothing."""

from typing import Protocol

from application.ports.job_store import Dispatch


class Doorbell(Protocol):
    """Carries messages to workers. Raises QueueUnavailable (retryable) within a few seconds.

    Not promised: that a message arrives, arrives once, or in order.
    """

    def ring(self, dispatch: Dispatch, *, timeout_seconds: float) -> None:
        """Put the message into its queue; one that is there already counts as sent."""
        ...

    def waiting(self, queue: str) -> frozenset[str]:
        """Return the names (`message_name`) of the messages that wait in a queue."""
        ...


def message_name(action_id: object, dispatch_no: int) -> str:
    """Return the name of a message: a resent action has a new one, so a stale message can be told."""
    return f"{action_id}-{dispatch_no}"
