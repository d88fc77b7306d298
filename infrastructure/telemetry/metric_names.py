"""What is counted, as Prometheus names and describes it."""

from collections.abc import Mapping
from dataclasses import dataclass

from application.ports.figures import Figure

PREFIX = "esteira_"
HISTOGRAMS = frozenset({Figure.ACTION_DURATION, Figure.QUEUE_WAIT})


@dataclass(frozen=True, slots=True)
class Described:
    """A sentence, and the labels in order."""

    help: str
    labels: tuple[str, ...] = ()


METRICS: Mapping[Figure, Described] = {
    Figure.ACTIONS_CREATED: Described("Actions of jobs that were created.", ("queue", "type")),
    Figure.ACTION_DURATION: Described("How long runs took, from claim to end.", ("type", "outcome")),
    Figure.ACTION_RETRIES: Described("Runs that failed and are tried again, by cause.", ("type", "code")),
    Figure.DEAD_LETTERS: Described("Actions that failed for good, by cause.", ("type", "code")),
    Figure.LEASE_EXPIRIES: Described("Runs taken back because their worker gave no sign of life.", ("type",)),
    Figure.STALE_WRITES_REFUSED: Described("Runs that came to write when they had lost their lease.", ("type",)),
    Figure.QUEUE_WAIT: Described("How long actions waited for a worker from when they were due.", ("queue",)),
    Figure.PAGES: Described("Pages read by runs that completed."),
    Figure.UNREADABLE_PAGES: Described("Pages left out by runs that completed, by cause.", ("code",)),
    Figure.CHUNKS: Described("Passages stored by runs that completed."),
    Figure.TOKENS: Described("Tokens of these passages, as the model counts them."),
    Figure.CACHE_HITS: Described("Passages whose vector was known."),
    Figure.CACHE_MISSES: Described("Passages that the model had to embed."),
    Figure.PARSER_CRASHES: Described("Pages and documents that crashed the parser or took it too long.", ("code",)),
}
