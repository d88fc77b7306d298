"""Answers polls of a document's status that has not changed, before routing: they come by the thousand."""

import re
from dataclasses import dataclass
from uuid import UUID

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from application.state_version import StateVersion
from domain.errors import EsteiraError
from domain.ids import DocumentId
from interface.api.conditional import etag_of, matches, unchanged
from interface.api.errors import answer_to
from interface.api.shared_reading import SharedReading

_STATUS = re.compile(r"/api/v1/documents/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/status")


@dataclass(frozen=True, slots=True)
class _Route:
    path: str


# What those who measure requests take for the route that answered.
_ROUTE = _Route("/api/v1/documents/{document_id}/status")


class UnchangedPolls:
    """ASGI middleware, within the gate: 304 where `If-None-Match` has the present version; the rest goes on inwards.

    The endpoint would answer the same, at three times the cost.
    """

    def __init__(self, app: ASGIApp, *, versions: SharedReading[DocumentId, StateVersion]) -> None:
        self._app = app
        self._versions = versions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if document_id := _polled(scope):
            asked = Headers(scope=scope).get("if-none-match")
            try:
                version = await self._versions.get(document_id) if asked else None
            except EsteiraError as error:
                await answer_to(error)(scope, receive, send)
                return
            if version is not None and matches(asked, etag := etag_of(version)):
                scope["route"] = _ROUTE
                await unchanged(etag)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _polled(scope: Scope) -> DocumentId | None:
    """Return the document whose status is asked for, at once and with nothing else."""
    if scope["type"] != "http" or scope["method"] != "GET" or scope["query_string"]:
        return None
    status = _STATUS.fullmatch(scope["path"])
    return DocumentId(UUID(status[1])) if status else None
