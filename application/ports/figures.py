"""Port: the figures that operators watch. All come from PostgreSQL, so no restart and no wiped Redis loses one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from application.ports.queue_reader import QueueState

NO_BOUND = float("inf")


class Figure(StrEnum):
    """What is counted over the life of an installation; sums never fall."""

    ACTIONS_CREATED = "actions_created"
    ACTION_DURATION = "action_duration_seconds"
    ACTION_RETRIES = "action_retries"
    DEAD_LETTERS = "dead_letters"
    LEASE_EXPIRIES = "lease_expiries"
    STALE_WRITES_REFUSED = "stale_writes_refused"
    QUEUE_WAIT = "queue_wait_seconds"
    PAGES = "pages"
    UNREADABLE_PAGES = "unreadable_pages"
    CHUNKS = "chunks"
    TOKENS = "tokens"
    CACHE_HITS = "embedding_cache_hits"
    CACHE_MISSES = "embedding_cache_misses"
    PARSER_CRASHES = "parser_crashes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A sum: how often, and how much in all. `bound` is the upper bound in seconds of a histogram's bucket."""

    figure: Figure
    labels: Mapping[str, str] = field(default_factory=dict)
    bound: float = NO_BOUND
    count: int = 1
    amount: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Everything at one moment. `documents` counts them by status; None where that would take too long."""

    counted: Sequence[Counted]
    queues: Mapping[str, QueueState]
    documents: Mapping[str, int] | None
    database_bytes: int


class FiguresReader(Protocol):
    """Reads committed state."""

    def read(self) -> Figures:
        """Return the figures within seconds, whatever the number of rows. Raises DatabaseUnavailable (retryable)."""
        ...
