"""Wires what operators watch."""

import logging
import os
from collections.abc import Callable, Mapping, Sequence

from infrastructure.postgres.engine import make_engine
from infrastructure.postgres.figures_reader import PostgresFiguresReader
from infrastructure.telemetry.api_telemetry import PrometheusApiTelemetry
from infrastructure.telemetry.metrics import StoredFigures
from infrastructure.telemetry.traces import NoTraces, Traces

log = logging.getLogger(__name__)

# OpenTelemetry's own settings, which its exporter reads as well.
ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


def wire_api_telemetry(
    database_url: str, *, pings: Mapping[str, Callable[[], None]], types: Sequence[str], traces: Traces
) -> PrometheusApiTelemetry:
    """Return what counts requests and gives the figures to Prometheus."""
    # Connections of its own: a scrape must not wait behind requests, nor they behind it.
    engine = make_engine(database_url, application_name="esteira-metrics", pool_size=1)
    reader = PostgresFiguresReader(engine)
    return PrometheusApiTelemetry(StoredFigures(reader, parts=pings, types=types), traces=traces)


def wire_traces(instance: str) -> Traces:
    """Return what makes spans, where an address is set to send them to."""
    if not any(os.environ.get(name) for name in ENDPOINTS) or os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return NoTraces()
    # It is an extra, and takes a quarter of a second to import.
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        from infrastructure.telemetry.opentelemetry_traces import OpenTelemetryTraces
    except ImportError:
        log.warning("no traces are sent: install the extra `opentelemetry`, or leave %s unset", ENDPOINTS[1])
        return NoTraces()
    service_name = os.environ.get("OTEL_SERVICE_NAME", "esteira")
    return OpenTelemetryTraces(BatchSpanProcessor(OTLPSpanExporter()), service_name=service_name, instance=instance)
