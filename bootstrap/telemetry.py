"""Wires what operators watch."""

from collections.abc import Callable, Mapping, Sequence

from infrastructure.postgres.engine import make_engine
from infrastructure.postgres.figures_reader import PostgresFiguresReader
from infrastructure.queue.queue_names import QUEUES
from infrastructure.telemetry.api_telemetry import PrometheusApiTelemetry
from infrastructure.telemetry.metrics import StoredFigures


def wire_api_telemetry(
    database_url: str, *, pings: Mapping[str, Callable[[], None]], types: Sequence[str]
) -> PrometheusApiTelemetry:
    """Return what counts requests and gives the figures to Prometheus."""
    # Connections of its own: a scrape must not wait behind requests, nor they behind it.
    engine = make_engine(database_url, application_name="esteira-metrics", pool_size=1)
    reader = PostgresFiguresReader(engine, queues=QUEUES)
    return PrometheusApiTelemetry(StoredFigures(reader, parts=pings, types=types))
