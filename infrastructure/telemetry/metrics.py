"""The figures in Prometheus' text format. They are read from PostgreSQL when asked for; this process keeps none."""

import logging
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from application.counting import BOUNDS
from application.ports.figures import Counted, Figure, Figures, FiguresReader
from application.ports.queue_reader import QueueState
from domain.action import ActionStatus
from domain.errors import DatabaseUnavailable, EsteiraError
from infrastructure.telemetry.metric_names import HISTOGRAMS, METRICS, OUTCOMES, PREFIX, Described

log = logging.getLogger(__name__)

DATABASE = "database"
Series = dict[tuple[str, ...], float]
DOCUMENT_STATES = ("awaiting_upload", *map(str, ActionStatus))
STATES = {"pending": "queued", "scheduled": "scheduled", "processing": "started", "failed": "failed"}
OF_QUEUES: Mapping[str, tuple[str, Callable[[QueueState], float]]] = {
    "oldest_pending_age_seconds": (
        "How long the action due longest has waited; 0 if none.",
        lambda queue: queue.oldest_pending_seconds or 0.0,
    ),
    "workers": ("Worker processes that showed a sign of life lately.", lambda queue: queue.workers),
    "queue_paused": ("1 if the queue starts nothing until somebody resumes it.", lambda queue: bool(queue.paused_at)),
}


class StoredFigures(Collector):
    """Collects what PostgreSQL has, and which parts answer. `parts` raise where one does not."""

    def __init__(self, reader: FiguresReader, *, parts: Mapping[str, Callable[[], None]], types: Sequence[str]) -> None:
        self._reader = reader
        self._parts = parts
        self._types = types

    def collect(self) -> Iterator[Metric]:
        """Read and describe. While PostgreSQL is away there are only the parts."""
        with ThreadPoolExecutor(max(1, len(self._parts)), thread_name_prefix="metrics") as pool:
            answers = {name: pool.submit(_answers, ask) for name, ask in self._parts.items() if name != DATABASE}
            figures = self._read()
            up = {DATABASE: figures is not None} | {name: answer.result() for name, answer in answers.items()}
        answering: Series = {(name,): float(it) for name, it in up.items()}
        yield _gauge("part_up", "1 if the part answers.", ("part",), answering)
        if figures:
            yield from self._sums(figures)
            yield from _queues(figures.queues)
            if figures.documents is not None:
                documents: Series = {(status,): float(figures.documents.get(status, 0)) for status in DOCUMENT_STATES}
                yield _gauge("documents", "Documents by status, counted once a minute.", ("status",), documents)
            size: Series = {(): float(figures.database_bytes)}
            yield _gauge("database_size_bytes", "Size of the database on its disk.", (), size)

    def _read(self) -> Figures | None:
        try:
            return self._reader.read()
        except DatabaseUnavailable as error:
            log.warning("no figures: %s", error.detail, exc_info=error)
            return None

    def _sums(self, figures: Figures) -> Iterator[Metric]:
        found: dict[Figure, list[Counted]] = defaultdict(list)
        for each in figures.counted:
            found[each.figure].append(each)
        for figure, described in METRICS.items():
            # From the first scrape on at 0: Prometheus sees no rise in a series that begins at 100.
            known = {"queue": [*figures.queues], "type": self._types, "code": described.codes, "outcome": OUTCOMES}
            by_labels: dict[tuple[str, ...], list[Counted]] = {
                values: [] for values in product(*(known[label] for label in described.labels))
            }
            for each in found[figure]:
                by_labels.setdefault(tuple(each.labels.get(name, "") for name in described.labels), []).append(each)
            make = _histogram if figure in HISTOGRAMS else _counter
            yield make(PREFIX + figure, described, by_labels)


def _queues(queues: Mapping[str, QueueState]) -> Iterator[Metric]:
    states: Series = {
        (name, state): float(getattr(queue, field)) for name, queue in queues.items() for state, field in STATES.items()
    }
    yield _gauge("actions", "Actions of jobs that have not ended well, by state.", ("queue", "state"), states)
    for metric, (text, value_of) in OF_QUEUES.items():
        yield _gauge(metric, text, ("queue",), {(name,): float(value_of(queue)) for name, queue in queues.items()})


def _gauge(name: str, text: str, labels: Sequence[str], values: Series) -> Metric:
    family = GaugeMetricFamily(PREFIX + name, text, labels=labels)
    for label_values, value in values.items():
        family.add_metric(label_values, value)
    return family


def _counter(name: str, described: Described, found: Mapping[tuple[str, ...], Sequence[Counted]]) -> Metric:
    family = CounterMetricFamily(name, described.help, labels=described.labels)
    for labels, counted in found.items():
        family.add_metric(labels, sum(c.amount for c in counted))
    return family


def _histogram(name: str, described: Described, found: Mapping[tuple[str, ...], Sequence[Counted]]) -> Metric:
    family = HistogramMetricFamily(name, described.help, labels=described.labels)
    for labels, observed in found.items():
        buckets = [(_bound(bound), sum(c.count for c in observed if c.bound <= bound)) for bound in BOUNDS]
        family.add_metric(labels, buckets, sum_value=sum(c.amount for c in observed))
    return family


def _bound(bound: float) -> str:
    return "+Inf" if math.isinf(bound) else str(bound)


def _answers(ask: Callable[[], None]) -> bool:
    try:
        ask()
    except EsteiraError:
        return False
    except Exception:
        log.exception("asking a part failed")
        return False
    return True
