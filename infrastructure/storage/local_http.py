"""The local store's URLs, answered: PUT, GET and HEAD for whoever holds a signed one.

To be mounted at /store. Disk work runs a megabyte at a time in threads counted apart: the loop serves the whole API,
and the common threads its other endpoints. An upload becomes visible whole and durable, or not at all.
"""

import errno
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from typing import TypeVar, cast

import anyio
from anyio import to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from domain.errors import BlobNotFound, StorageUnavailable, UploadMismatch, UploadNotFound
from infrastructure.storage.local import LocalBlobStore
from infrastructure.storage.local_download import ObjectResponse, byte_range
from infrastructure.storage.object_files import IncomingObject
from infrastructure.storage.problem import Refused, problem
from infrastructure.storage.signed_query import UrlExpiredError, UrlInvalidError

_BUFFER_BYTES = 1 << 20
_DISK_THREADS = 16
_STALL_SECONDS = 60
_DISCARDED_BYTES = 64 << 20
_DISCARD_SECONDS = 10
_DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_T = TypeVar("_T")


def local_store_app(store: LocalBlobStore, *, stall_seconds: float = _STALL_SECONDS) -> ASGIApp:
    """Return the app for `/store`; an upload which sends nothing for `stall_seconds` is ended."""
    endpoint = _StoreEndpoint(store, stall_seconds)
    return Starlette(
        routes=[Route("/{key:path}", endpoint.answer, methods=["PUT", "GET", "HEAD"])],
        exception_handlers={Refused: _refusal, HTTPException: _wrong_method, Exception: _fault},
    )


class _StoreEndpoint:
    def __init__(self, store: LocalBlobStore, stall_seconds: float) -> None:
        self._store = store
        self._stall_seconds = stall_seconds
        self._disk_threads = anyio.CapacityLimiter(_DISK_THREADS)

    async def answer(self, request: Request) -> Response:
        try:
            return await (self._put(request) if request.method == "PUT" else self._get(request))
        except (BlobNotFound, UploadNotFound) as exc:
            raise Refused(404, exc.code, exc.detail) from exc
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it
        except OSError as exc:
            if exc.errno in _DISK_FULL:
                raise Refused(507, "storage_full", "The disk of this server is full: free some space.") from exc
            raise Refused(503, StorageUnavailable.code, "The disk of this server does not work.") from exc

    async def _put(self, request: Request) -> Response:
        body = self._body(request)
        try:
            signed = self._signed(request, "PUT")
            size_bytes = int(signed["size"])
            _check_headers(request, size_bytes, signed.get("type"))
            etag = await self._store_body(body, size_bytes, partial(self._commit, request.path_params["key"], signed))
        except (Refused, OSError):
            if "expect" not in request.headers:  # else it waits for our word, and has sent nothing yet
                await _discard(body)
            raise
        return Response(headers={"ETag": etag})

    def _signed(self, request: Request, method: str) -> dict[str, str]:
        asked_for = "upload" if method == "PUT" else "download"
        try:
            return self._store.verified(method, request.path_params["key"], request.query_params.multi_items())
        except UrlExpiredError as exc:
            detail = f"This {asked_for} URL has expired: ask for a new one."
            raise Refused(403, f"{asked_for}_url_expired", detail) from exc
        except UrlInvalidError as exc:
            detail = (
                f"This is no {asked_for} URL of this server, or it was altered: ask for a new one, use it unchanged."
            )
            raise Refused(403, f"{asked_for}_url_invalid", detail) from exc

    def _commit(self, key: str, signed: Mapping[str, str], incoming: IncomingObject) -> str:
        """Make an object or a part of what was received, as the URL says."""
        if "part" in signed:
            return self._store.multipart.files.commit(incoming, signed["upload"], int(signed["part"]))
        return incoming.commit(key, signed["type"])

    async def _store_body(
        self, body: AsyncIterator[bytes], size_bytes: int, commit: Callable[[IncomingObject], str]
    ) -> str:
        incoming = await self._on_disk(self._store.files.receive)
        try:
            await self._write_body(body, incoming, size_bytes)
            return await self._on_disk(partial(commit, incoming))
        finally:
            with anyio.CancelScope(shield=True):
                await self._on_disk(incoming.close)

    async def _write_body(self, body: AsyncIterator[bytes], incoming: IncomingObject, size_bytes: int) -> None:
        buffer = bytearray()
        received = 0
        async for chunk in body:
            received += len(chunk)
            if received > size_bytes:
                raise _mismatch(400, f"More than the promised {size_bytes} bytes were sent.")
            buffer += chunk
            if len(buffer) >= _BUFFER_BYTES:
                await self._on_disk(partial(incoming.write, buffer))
                buffer = bytearray()
        if received < size_bytes:
            raise _mismatch(400, f"Only {received} of the promised {size_bytes} bytes were sent.")
        await self._on_disk(partial(incoming.write, buffer))

    async def _body(self, request: Request) -> AsyncIterator[bytes]:
        body = request.stream()
        while True:
            try:
                with anyio.fail_after(self._stall_seconds):
                    chunk = await anext(body, None)
            except TimeoutError as exc:
                raise Refused(408, "upload_stalled", "The upload stopped sending: send it again.") from exc
            if chunk is None:
                return
            yield chunk

    async def _get(self, request: Request) -> Response:
        signed = self._signed(request, "GET")
        opened = await self._on_disk(partial(self._store.files.open, request.path_params["key"]))
        try:
            part = byte_range(request.headers, opened.info)
            return ObjectResponse(request, opened, part, signed, self._on_disk)
        except BaseException:
            opened.close()
            raise

    async def _on_disk(self, work: Callable[[], _T]) -> _T:
        return await to_thread.run_sync(work, limiter=self._disk_threads)


def _check_headers(request: Request, size_bytes: int, content_type: str | None) -> None:
    """Hold the headers against the promise, before a byte is read; a body in chunks is counted as it comes."""
    if content_type is not None and request.headers.get("content-type") != content_type:
        raise _mismatch(403, f"Send the header Content-Type: {content_type}, as the upload URL was signed for it.")
    length = request.headers.get("content-length", "0")
    if "transfer-encoding" not in request.headers and int(length) != size_bytes:
        raise _mismatch(403, f"The upload URL was signed for {size_bytes} bytes, not for {int(length)}.")


async def _discard(body: AsyncIterator[bytes]) -> None:
    """Read on, within reason: a client that is still sending when the answer comes sees a broken connection instead."""
    discarded = 0
    with anyio.move_on_after(_DISCARD_SECONDS):
        async for chunk in body:
            discarded += len(chunk)
            if discarded > _DISCARDED_BYTES:
                return


def _mismatch(status: int, detail: str) -> Refused:
    return Refused(status, UploadMismatch.code, detail)


def _refusal(_request: Request, exc: Exception) -> Response:
    return cast("Refused", exc).response


def _wrong_method(_request: Request, exc: Exception) -> Response:
    headers = exc.headers if isinstance(exc, HTTPException) else None
    return problem(405, "method_not_allowed", "Use the URL with the method that it was made for.", headers)


def _fault(_request: Request, _exc: Exception) -> Response:
    return problem(500, "internal_error", "Something went wrong inside Esteira.")
