"""What the API tells of itself: request ids on log lines, latencies by route, and the page that Prometheus reads."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector, generate_latest
from prometheus_client.registry import Collector
from structlog.contextvars import bound_contextvars

from infrastructure.telemetry.metric_names import PREFIX
from infrastructure.telemetry.traces import NoTraces, Served, Traces

LATENCY_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class PrometheusApiTelemetry:
    """Implements interface/api/telemetry.py: ApiTelemetry. `stored` collects what PostgreSQL has."""

    def __init__(self, stored: Collector, *, traces: Traces | None = None) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(stored)
        ProcessCollector(registry=self._registry)
        self._latency = Histogram(
            f"{PREFIX}http_request_duration_seconds",
            "How long the API took to begin its answer.",
            labelnames=("method", "route", "status"),
            buckets=LATENCY_BOUNDS,
            registry=self._registry,
        )
        self._traces = traces or NoTraces()

    @contextmanager
    def serving(self, *, method: str, request_id: str, traceparent: str | None) -> Iterator[Served]:
        """Name the request on log lines and, where traces are on, in a span; yield what to tell the answer."""
        with bound_contextvars(request=request_id), self._traces.request(method, traceparent) as told:

            def served(route: str, status: int, seconds: float) -> None:
                self._latency.labels(method, route, f"{status // 100}xx").observe(seconds)
                told(route, status, seconds)

            yield served

    def page(self) -> bytes:
        """Return the figures, those of PostgreSQL read now."""
        return generate_latest(self._registry)
