"""What is counted, as Prometheus names and describes it."""

from collections.abc import Mapping
from dataclasses import dataclass

from application.counting import PARSER_CODES
from application.ports.figures import Figure
from domain.failure import FailureCode

PREFIX = "esteira_"
OUTCOMES = ("completed", "failed", "cancelled", "retried", "released")
UNREADABLE = tuple(map(str, FailureCode))
CODES = (*UNREADABLE, "storage_unavailable", "database_unavailable", "embedding_unavailable", "internal_error")
HISTOGRAMS = frozenset({Figure.ACTION_DURATION, Figure.QUEUE_WAIT})


@dataclass(frozen=True, slots=True)
class Described:
    """A sentence, the labels in order, and the codes to show before they come up."""

    help: str
    labels: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()


METRICS: Mapping[Figure, Described] = {
    Figure.ACTIONS_CREATED: Described("Actions of jobs that were created.", ("queue", "type")),
    Figure.ACTION_DURATION: Described("How long runs took, from claim to end.", ("type", "outcome")),
    Figure.ACTION_RETRIES: Described("Runs that failed and are tried again, by cause.", ("type", "code"), CODES),
    Figure.DEAD_LETTERS: Described("Actions that failed for good, by cause.", ("type", "code"), CODES),
    Figure.LEASE_EXPIRIES: Described("Runs taken back because their worker gave no sign of life.", ("type",)),
    Figure.STALE_WRITES_REFUSED: Described("Runs that came to write when they had lost their lease.", ("type",)),
    Figure.QUEUE_WAIT: Described("How long actions waited for a worker from when they were due.", ("queue",)),
    Figure.PAGES: Described("Pages read by runs that completed."),
    Figure.UNREADABLE_PAGES: Described("Pages left out by runs that completed, by cause.", ("code",), UNREADABLE),
    Figure.CHUNKS: Described("Passages stored by runs that completed."),
    Figure.TOKENS: Described("Tokens of these passages, as the model counts them."),
    Figure.CACHE_HITS: Described("Passages whose vector was known."),
    Figure.CACHE_MISSES: Described("Passages that the model had to embed."),
    Figure.PARSER_CRASHES: Described(
        "Pages and documents that crashed the parser or took it too long.",
        ("code",),
        tuple(sorted(map(str, PARSER_CODES))),
    ),
}
