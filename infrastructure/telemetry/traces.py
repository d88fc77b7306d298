"""Spans of requests and runs: what makes them may be on or off, and nobody else need know which."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol, TypeVar

from application.ports.run_watch import RunWatch
from domain.ids import JobId

Part = TypeVar("Part")
Served = Callable[[str, int, float], None]


class Traces(Protocol):
    """One trace goes from a request, by the job that it makes, into the runs of that job."""

    def current(self) -> str | None:
        """Return where we are, as W3C Trace Context writes it; None outside of any trace."""
        ...

    def request(self, method: str, traceparent: str | None) -> AbstractContextManager[Served]:
        """Make a span, in the trace that the request came with; yield what to tell the answer."""
        ...

    def runs(self, lines: RunWatch, traceparent_of: Callable[[JobId], str | None]) -> RunWatch:
        """Return a watch that makes spans, over one that names runs on log lines."""
        ...

    def around(self, part: Part, **spans: str) -> Part:
        """Return the part with a span around each call of the methods that are named, called as they say.

        Where a call gives a context manager, the span ends with that.
        """
        ...


class NoTraces:
    """Makes no span."""

    def current(self) -> str | None:
        """Return that there is no trace."""
        return None

    def request(self, _method: str, _traceparent: str | None) -> AbstractContextManager[Served]:
        """Do nothing."""
        return nullcontext(lambda _route, _status, _seconds: None)

    def runs(self, lines: RunWatch, _traceparent_of: Callable[[JobId], str | None]) -> RunWatch:
        """Return the watch as it is."""
        return lines

    def around(self, part: Part, **_spans: str) -> Part:
        """Return the part as it is."""
        return part
