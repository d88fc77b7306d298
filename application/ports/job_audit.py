"""Port: jobs that nobody will run."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from domain.ids import JobId


@dataclass(frozen=True, slots=True, kw_only=True)
class UnservedQueue:
    """A queue in which due work waits, and which no live worker serves."""

    queue: str
    waiting: int


class JobAudit(Protocol):
    """Reads committed state. Raises DatabaseUnavailable (retryable)."""

    def unserved(self, *, due_for: timedelta) -> Sequence[UnservedQueue]:
        """Return queues without a worker in which actions are due for so long."""
        ...

    def unknown(self, types: Collection[str], *, due_for: timedelta, limit: int) -> Sequence[JobId]:
        """Return jobs that wait for an action of none of these types, due for so long."""
        ...

    def without_document(self, *, limit: int) -> Sequence[JobId]:
        """Return jobs that wait to work on a document that is not there."""
        ...
