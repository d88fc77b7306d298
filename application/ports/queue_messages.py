"""Port: what Redis and RQ say of themselves, beside the counts of the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageCounts:
    """A queue as RQ counts it: messages, not work. What ended is kept for an hour, what failed in RQ for a day."""

    queued: int
    started: int
    finished: int
    failed: int
    scheduled: int
    deferred: int
    workers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageState:
    """All queues by name, and the server they are in."""

    queues: Mapping[str, MessageCounts]
    used_memory_bytes: int
    connected_clients: int


class QueueMessages(Protocol):
    """Asks Redis once. Raises QueueUnavailable (retryable) within a few seconds."""

    def state(self) -> MessageState:
        """Return the counts as they are now."""
        ...
