"""One trace goes from the request through the database into the worker, by real HTTP and PostgreSQL."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy import Engine, text
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from application.attachments import KeepAttachments
from application.run_action import RunAction
from application.use_cases.delete_document import DeleteDocument
from application.use_cases.index_document import IndexDocument
from domain.job import INDEX
from infrastructure.extraction.limits import ExtractionLimits
from infrastructure.extraction.sandbox.extractor import SandboxedExtractor
from infrastructure.language.snowball_term_analyzer import SnowballTermAnalyzer
from infrastructure.postgres.document_reader import PostgresDocumentReader
from infrastructure.postgres.embedding_cache import PostgresEmbeddingCache
from infrastructure.postgres.job_trace import traceparent_of
from infrastructure.postgres.passage_store import PostgresPassageStore
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from infrastructure.postgres.vector_store import PostgresVectorStore
from infrastructure.telemetry.api_telemetry import PrometheusApiTelemetry
from infrastructure.telemetry.opentelemetry_traces import OpenTelemetryTraces
from infrastructure.telemetry.run_lines import RunLines
from tests.integration.test_metrics import runner, types
from tests.support.api import Api, Nothing
from tests.support.fake_embedder import FakeEmbedder
from tests.support.http_server import running_uvicorn
from tests.support.models import models_of
from tests.support.seals import a_seal

CALLER = "4bf92f3577b34da6a3ce929d0e0e4736"
MARKER = "zanzibarquill"


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def traces(exporter: InMemorySpanExporter) -> OpenTelemetryTraces:
    return OpenTelemetryTraces(SimpleSpanProcessor(exporter), service_name="test", instance="one")


@pytest.fixture
def api(engine: Engine, traces: OpenTelemetryTraces) -> Api:
    return Api(
        transactions=lambda: PostgresUnitOfWork(engine, trace=traces.current),
        documents=PostgresDocumentReader(engine),
        telemetry=PrometheusApiTelemetry(Nothing(), traces=traces),
    )


@pytest.fixture
def worker(engine: Engine, api: Api, traces: OpenTelemetryTraces, tmp_path: Path) -> Iterator[RunAction]:
    transactions = partial(PostgresUnitOfWork, engine)
    delete = DeleteDocument(transactions=transactions, blobs=api.blobs)
    with_limits = SandboxedExtractor(ExtractionLimits(), scratch=tmp_path)
    index = IndexDocument(
        transactions=transactions,
        blobs=api.blobs,
        extractor=traces.around(with_limits, open="extract"),
        seal=a_seal(),
        models=models_of(engine, known={"fake": traces.around(FakeEmbedder(), embed_passages="embed")}),
        cache=PostgresEmbeddingCache(engine),
        terms=SnowballTermAnalyzer(),
        passages=traces.around(PostgresPassageStore(engine), write_pages="store", write_chunks="store"),
        vectors=PostgresVectorStore(engine),
        attachments=KeepAttachments(transactions=transactions, blobs=api.blobs, delete_document=delete),
        scratch=tmp_path,
    )
    yield replace(
        runner(engine),
        action_types={INDEX: replace(types()[INDEX], handler=index)},
        watch=traces.runs(RunLines(), partial(traceparent_of, engine)),
    )
    with_limits.close()


def process(api: Api, content: bytes, *, traceparent: str | None) -> None:
    announced = {"filename": "a.txt", "size_bytes": len(content), "content_type": "text/plain"}
    with api.serve() as client:
        document_id = client.post("/api/v1/documents/upload/presigned", json=announced).json()["document_id"]
        api.blobs.put(f"documents/{document_id}/original", content, "text/plain")
        headers = {"traceparent": traceparent} if traceparent else {}
        assert client.post(f"/api/v1/documents/{document_id}/process", headers=headers).status_code == 202


def run_all(engine: Engine, worker: RunAction) -> None:
    with engine.connect() as connection:
        for (action_id,) in connection.execute(text("SELECT id FROM job_actions")).all():
            worker(action_id, 1)


def spans_by_name(exporter: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {span.name: span for span in exporter.get_finished_spans()}


def test_one_trace_goes_from_who_calls_into_the_worker(
    api: Api, engine: Engine, worker: RunAction, exporter: InMemorySpanExporter
) -> None:
    content = f"The {MARKER} was inspected in May.".encode()
    process(api, content, traceparent=f"00-{CALLER}-00f067aa0ba902b7-01")
    run_all(engine, worker)
    found = spans_by_name(exporter)
    request, run = found["POST /api/v1/documents/{document_id}/process"], found["run index"]
    assert f"{request.context.trace_id:032x}" == CALLER
    assert run.context.trace_id == request.context.trace_id
    assert run.parent
    assert run.parent.span_id == request.context.span_id
    for name in ("claim", "extract", "embed", "store", "publish"):
        step = found[name]
        assert step.parent
        assert step.parent.span_id == run.context.span_id
        assert step.end_time
        assert run.start_time <= step.start_time <= step.end_time <= run.end_time
    assert run.attributes
    assert run.attributes["esteira.attempt"] == 1
    assert MARKER not in "".join(span.to_json() for span in exporter.get_finished_spans())


def test_a_request_outside_of_any_trace_begins_one(
    api: Api, engine: Engine, worker: RunAction, exporter: InMemorySpanExporter
) -> None:
    process(api, b"%PDF-1.7 broken", traceparent="no trace")
    run_all(engine, worker)
    found = spans_by_name(exporter)
    request, run = found["POST /api/v1/documents/{document_id}/process"], found["run index"]
    assert request.parent is None
    assert run.context.trace_id == request.context.trace_id
    assert found["extract"].status.description == "corrupt"


def test_without_an_address_to_send_them_to_no_code_for_traces_is_loaded() -> None:
    program = """
import sys, bootstrap.serving, bootstrap.working
from bootstrap.telemetry import wire_traces
from infrastructure.telemetry.traces import NoTraces
assert isinstance(wire_traces("a"), NoTraces)
sys.exit("infrastructure.telemetry.opentelemetry_traces" in sys.modules)
"""
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(__file__).parents[2])}
    ended = subprocess.run([sys.executable, "-c", program], env=environment, check=False, timeout=60)
    assert ended.returncode == 0


SENDING = """
from bootstrap.telemetry import wire_traces
with wire_traces("api-1").request("GET", None) as served:
    served("/r", 200, 0.1)
"""


def test_spans_arrive_where_the_address_says(tmp_path: Path) -> None:
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http", reason="the extra `opentelemetry` is not installed")
    received: list[tuple[str, bytes]] = []

    async def receive(request: Request) -> Response:
        received.append((request.url.path, await request.body()))
        return Response(media_type="application/x-protobuf")

    receiver = Starlette(routes=[Route("/{path:path}", receive, methods=["POST"])])
    with running_uvicorn(receiver) as url:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OTEL_EXPORTER_OTLP_ENDPOINT": url}
        subprocess.run([sys.executable, "-c", SENDING], env=environment, cwd=tmp_path, check=True, timeout=60)
    ((path, body),) = received
    assert path == "/v1/traces"
    assert b"GET /r" in body
    assert b"api-1" in body
