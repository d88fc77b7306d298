"""Bounds the bodies of API calls. Uploads go to the object store and have bounds of their own."""

import anyio
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from interface.api.errors import problem_of_status

MAX_BODY_BYTES = 1 << 20
_TOO_LARGE = 413
_CLOSE = {"Connection": "close"}
_DISCARDED_BYTES = 64 << 20
_DISCARD_SECONDS = 10


class BodyLimit:
    """ASGI middleware for paths that begin so: 413 by the announced length, or once more than that has come."""

    def __init__(self, app: ASGIApp, *, prefixes: tuple[str, ...], max_bytes: int = MAX_BODY_BYTES) -> None:
        self._app = app
        self._prefixes = prefixes
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http" or not scope["path"].startswith(self._prefixes):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        announced = headers.get("content-length", "0")
        if announced.isdecimal() and int(announced) > self._max_bytes:
            if "expect" not in headers:  # else the client waits for our word, and has sent nothing yet
                await _discard(receive)
            await problem_of_status(_TOO_LARGE, _CLOSE)(scope, receive, send)
            return
        await self._app(scope, self._counting(receive), send)

    def _counting(self, receive: Receive) -> Receive:
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._max_bytes:
                if message.get("more_body"):
                    await _discard(receive)
                raise HTTPException(_TOO_LARGE, headers=_CLOSE)
            return message

        return counted


async def _discard(receive: Receive) -> None:
    """Read on, within reason: a client that is still sending when the answer comes sees a broken connection instead."""
    discarded = 0
    with anyio.move_on_after(_DISCARD_SECONDS):
        while discarded < _DISCARDED_BYTES:
            message = await receive()
            discarded += len(message.get("body", b""))
            if not message.get("more_body"):
                return
