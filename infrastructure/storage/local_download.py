"""An object of the local store as an answer: whole or one range of it (RFC 9110, section 14), made harmless."""

import re
from collections.abc import Awaitable, Callable
from functools import partial

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from application.ports.blob_store import BlobInfo
from infrastructure.storage.content_disposition import disposition
from infrastructure.storage.object_files import OpenObject
from infrastructure.storage.problem import Refused

_CHUNK_BYTES = 256 << 10
_RANGE = re.compile(r"bytes=(?:(?P<first>\d{1,18})-(?P<last>\d{1,18})?|-(?P<suffix>\d{1,18}))", re.ASCII)
_ON_OUR_ORIGIN = {  # documents are hostile: none may run as a page of ours
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox",
    "Cache-Control": "private, no-store",
}


def byte_range(headers: Headers, info: BlobInfo) -> range | None:
    """Return the one range that was asked for, None for the whole (also where several were, which is allowed).

    Raises Refused (416) where there are no such bytes.
    """
    asked = _RANGE.fullmatch(headers.get("range", "").strip())
    if not asked or headers.get("if-range", info.etag) != info.etag:
        return None
    if asked["suffix"]:
        first, end = max(0, info.size_bytes - int(asked["suffix"])), info.size_bytes
    else:
        first, end = int(asked["first"]), min(int(asked["last"] or info.size_bytes - 1) + 1, info.size_bytes)
    if asked["last"] and int(asked["last"]) < first:
        return None
    if first >= end:
        unsatisfied = {"Content-Range": f"bytes */{info.size_bytes}"}
        raise Refused(416, "range_not_satisfiable", f"The file has {info.size_bytes} bytes.", unsatisfied)
    return range(first, end)


class ObjectResponse(Response):
    """Sends `part` of an opened object (None: all of it) and closes it; to HEAD, the headers alone."""

    def __init__(
        self,
        request: Request,
        opened: OpenObject,
        part: range | None,
        signed: dict[str, str],
        on_disk: Callable[[Callable[[], bytes]], Awaitable[bytes]],
    ) -> None:
        self._request = request
        self._opened = opened
        self._sent = part if part is not None else range(opened.info.size_bytes)
        self._on_disk = on_disk
        headers = {
            "Content-Type": signed["type"],
            "Content-Disposition": disposition(signed["filename"], is_shown="shown" in signed),
            "Content-Length": str(len(self._sent)),
            "ETag": opened.info.etag,
            "Accept-Ranges": "bytes",
            **_ON_OUR_ORIGIN,
        }
        if part is not None:
            headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{opened.info.size_bytes}"
        super().__init__(status_code=200 if part is None else 206, headers=headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send in chunks until the client has it all or is gone."""
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            if scope["method"] != "HEAD":
                await self._send_bytes(send)
            await send({"type": "http.response.body", "body": b""})
        finally:
            self._opened.close()

    async def _send_bytes(self, send: Send) -> None:
        offset = self._sent.start
        while offset < self._sent.stop and not await self._request.is_disconnected():
            size = min(_CHUNK_BYTES, self._sent.stop - offset)
            chunk = await self._on_disk(partial(self._opened.read, size, offset))
            if not chunk:
                raise OSError("the object's file has become shorter")
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            offset += len(chunk)
