"""Spans by OpenTelemetry; imported only where they are wanted.

No span records an exception: a library's words about an error may quote a document.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any, cast

from opentelemetry.context import Context
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, use_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from application.ports.run_watch import RunWatch
from domain.action import Action
from domain.errors import EsteiraError
from domain.failure import Failure
from domain.ids import JobId
from infrastructure.telemetry.traces import Part, Served

TRACEPARENT = "traceparent"
_PROPAGATOR = TraceContextTextMapPropagator()
_FAILED = 500
# When this thread's last claim began and ended, in nanoseconds.
_CLAIMED: ContextVar[tuple[int, int] | None] = ContextVar("claimed", default=None)


class OpenTelemetryTraces:
    """Implements infrastructure/telemetry/traces.py: Traces. `processor` takes the spans that ended."""

    def __init__(self, processor: SpanProcessor, *, service_name: str, instance: str) -> None:
        resource = Resource.create({SERVICE_NAME: service_name, "service.instance.id": instance})
        provider = TracerProvider(resource=resource)
        provider.add_span_processor(processor)
        self._tracer = provider.get_tracer("esteira")

    def current(self) -> str | None:
        """Return the current span's place."""
        carrier: dict[str, str] = {}
        _PROPAGATOR.inject(carrier)
        return carrier.get(TRACEPARENT)

    @contextmanager
    def request(self, method: str, traceparent: str | None) -> Iterator[Served]:
        """Make a span of the kind that servers make."""
        span = self._tracer.start_span(method, context=_context(traceparent), kind=SpanKind.SERVER)
        with _current(span):

            def served(route: str, status: int, _seconds: float) -> None:
                span.update_name(f"{method} {route}")
                span.set_attributes(
                    {"http.request.method": method, "http.route": route, "http.response.status_code": status}
                )
                if status >= _FAILED:
                    span.set_status(Status(StatusCode.ERROR))

            yield served

    def runs(self, lines: RunWatch, traceparent_of: Callable[[JobId], str | None]) -> RunWatch:
        """Return a watch that makes spans."""
        return _RunSpans(self._tracer, lines, traceparent_of)

    def around(self, part: Part, **spans: str) -> Part:
        """Return a stand-in for the part."""
        return cast("Part", _Traced(part, self._tracer, spans))


class _RunSpans:
    """Implements application/ports/run_watch.py."""

    def __init__(self, tracer: Tracer, lines: RunWatch, traceparent_of: Callable[[JobId], str | None]) -> None:
        self._tracer = tracer
        self._lines = lines
        self._traceparent_of = traceparent_of

    @contextmanager
    def claiming(self) -> Iterator[None]:
        """Take the times: whose the claim is, is known only when it has succeeded."""
        began_at = time.time_ns()
        yield
        _CLAIMED.set((began_at, time.time_ns()))

    @contextmanager
    def running(self, action: Action) -> Iterator[None]:
        """Make a span from the claim on, in the trace of the request that made the job."""
        began_at, ended_at = _CLAIMED.get() or (None, None)
        span = self._tracer.start_span(
            f"run {action.type}",
            context=_context(self._made_in(action.job_id)),
            kind=SpanKind.CONSUMER,
            start_time=began_at,
            attributes=_attributes(action),
        )
        with self._lines.running(action), _current(span):
            if ended_at:
                self._tracer.start_span("claim", start_time=began_at).end(ended_at)
            yield

    @contextmanager
    def publishing(self) -> Iterator[None]:
        """Make a span."""
        with _current(self._tracer.start_span("publish")), self._lines.publishing():
            yield

    def _made_in(self, job_id: JobId) -> str | None:
        try:
            return self._traceparent_of(job_id)
        except EsteiraError:
            return None  # then it is a trace of its own


class _Traced:
    """Stands in for a part, whatever its methods are."""

    def __init__(self, part: object, tracer: Tracer, spans: dict[str, str]) -> None:
        self._part = part
        self._tracer = tracer
        self._spans = spans

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the part has
        found = getattr(self._part, name)
        if name not in self._spans:
            return found

        def called(*arguments: object, **named: object) -> object:
            # Not the current span: what is read may be embedded on the way, which is no part of the reading.
            span = self._tracer.start_span(self._spans[name])
            with _ending_badly(span):
                answer = found(*arguments, **named)
            if isinstance(answer, AbstractContextManager):
                return _lasting(span, answer)
            span.end()
            return answer

        return called


@contextmanager
def _lasting(span: Span, opened: AbstractContextManager[object]) -> Iterator[object]:
    with _ending_badly(span), opened as inside:
        yield inside
    span.end()


@contextmanager
def _ending_badly(span: Span) -> Iterator[None]:
    """End the span where it fails, and say why by a code."""
    try:
        yield
    except BaseException as error:
        code = Failure.from_error(error).code if isinstance(error, EsteiraError) else type(error).__name__
        span.set_status(Status(StatusCode.ERROR, code))
        span.end()
        raise


def _current(span: Span) -> AbstractContextManager[Span]:
    return use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False)


def _context(traceparent: str | None) -> Context | None:
    return _PROPAGATOR.extract({TRACEPARENT: traceparent}) if traceparent else None


def _attributes(action: Action) -> dict[str, str | int]:
    document_id = action.params.get("document_id")
    document = {"esteira.document": str(document_id)} if document_id else {}
    return {
        "esteira.job": str(action.job_id),
        "esteira.action": str(action.id),
        "esteira.attempt": action.attempt,
        "esteira.worker": str(action.worker),
        **document,
    }
