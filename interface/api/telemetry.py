"""Tells of each request: an id on every log line and on the answer, a line when it is answered, how long that took."""

import logging
import re
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.ids import new_uuid7

log = logging.getLogger(__name__)

REQUEST_ID = "X-Request-ID"
_SANE_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"})
_FAILED = 400
NO_ROUTE = "none"


class ApiTelemetry(Protocol):
    """Where it is told."""

    def serving(
        self, *, method: str, request_id: str, traceparent: str | None
    ) -> AbstractContextManager[Callable[[str, int, float], None]]:
        """Name the request while the context lasts; yield what takes the answer's route, status and seconds."""
        ...

    def page(self) -> bytes:
        """Return everything in Prometheus' text format. Takes seconds while a part is away."""
        ...


class RequestTelemetry:
    """ASGI middleware, outside of all others."""

    def __init__(self, app: ASGIApp, *, telemetry: ApiTelemetry) -> None:
        self._app = app
        self._telemetry = telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = _sane(headers.get(REQUEST_ID))
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        began_at, status, seconds = time.perf_counter(), 500, 0.0

        async def noting(message: Message) -> None:
            nonlocal status, seconds
            if message["type"] == "http.response.start":
                # Streams of events last as long as someone looks, so the time counts until the answer begins.
                status, seconds = message["status"], time.perf_counter() - began_at
                MutableHeaders(scope=message)[REQUEST_ID] = request_id
            await send(message)

        traceparent = headers.get("traceparent")
        with self._telemetry.serving(method=method, request_id=request_id, traceparent=traceparent) as served:
            try:
                await self._app(scope, receive, noting)
            finally:
                route = route_of(scope)
                served(route, status, seconds or time.perf_counter() - began_at)
                _log_answer(method, route, status, seconds)


def route_of(scope: Scope) -> str:
    """Return the route's template with what it is mounted under: of values in paths there is no end."""
    path = getattr(scope.get("route"), "path", None)
    if path is None or ":path}" in path:
        return scope.get("root_path") or NO_ROUTE
    template, concrete = path.split("/"), scope["path"].split("/")
    prefix = concrete[: len(concrete) - len(template) + 1]
    return "/".join([*prefix, *template[1:]])


def _log_answer(method: str, route: str, status: int, seconds: float) -> None:
    """What changes something or fails is worth a line; who follows a document reads its status all the time."""
    level = logging.DEBUG if method in {"GET", "HEAD", "OPTIONS"} and status < _FAILED else logging.INFO
    fields = {"method": method, "route": route, "status": status, "ms": round(seconds * 1000, 1)}
    log.log(level, "answered", extra=fields)


def _sane(request_id: str | None) -> str:
    return request_id if request_id and _SANE_ID.fullmatch(request_id) else str(new_uuid7())
