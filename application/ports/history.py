"""Port: what is kept for a while and then forgotten."""

from datetime import datetime
from enum import StrEnum
from typing import Protocol

from domain.cleanup import Amount


class Record(StrEnum):
    """What is kept.

    A job that is its document's latest is no history; nor is one that has not ended, or has a key, or a kept artifact.
    """

    RESULTS = "results"
    EVENTS = "events"
    JOBS = "jobs"
    EMBEDDINGS = "cached_embeddings"
    IDEMPOTENCY_KEYS = "idempotency_keys"


class History(Protocol):
    """Raises DatabaseUnavailable (retryable)."""

    def count(self, record: Record, *, before: datetime) -> Amount:
        """Tell how much of it is older than that."""
        ...

    def forget(self, record: Record, *, before: datetime, limit: int) -> Amount:
        """Delete up to `limit` in a short transaction; what somebody else has locked is left for the next time."""
        ...
