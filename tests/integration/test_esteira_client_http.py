"""The Python client over real HTTP: who gets the key, how much of a file is in memory, and how waiting ends."""

import asyncio
import threading
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from esteira_client import AsyncEsteira, EsteiraError, Patience
from tests.support.both_clients import opened
from tests.support.http_server import running_uvicorn

MEBIBYTE = 1 << 20
SIZE_BYTES = 48 * MEBIBYTE
# What tracing finds of the client, the server and their buffers.
MOST_BYTES = 12 * MEBIBYTE
PATIENT = Patience(before_first_answer=60.0)


@dataclass
class Server:
    """An API and its store, which keeps no bytes; notes the keys that it was shown."""

    url: str = ""
    keys: list[tuple[str, str | None]] = field(default_factory=list)
    received_bytes: int = 0

    async def presign(self, request: Request) -> Response:
        self._note(request)
        upload = {"method": "PUT", "url": f"{self.url}/store/x?signature=s", "headers": {"X-Signed": "yes"}}
        return JSONResponse({"document_id": "d", "status": "awaiting_upload", "upload": upload}, status_code=201)

    async def put(self, request: Request) -> Response:
        self._note(request)
        async for block in request.stream():
            self.received_bytes += len(block)
        return Response()

    async def content(self, request: Request) -> Response:
        self._note(request)
        return RedirectResponse(f"{self.url}/store/x?signature=s", 307)

    async def get(self, request: Request) -> Response:
        self._note(request)
        return StreamingResponse(bytes(MEBIBYTE) for _ in range(SIZE_BYTES // MEBIBYTE))

    def _note(self, request: Request) -> None:
        self.keys.append((request.url.path, request.headers.get("authorization")))

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/api/v1/documents/upload/presigned", self.presign, methods=["POST"]),
                Route("/api/v1/documents/d/content", self.content),
                Route("/store/x", self.put, methods=["PUT"]),
                Route("/store/x", self.get, methods=["GET"]),
            ]
        )


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    with running_uvicorn(server.app()) as server.url:
        yield server


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "large.bin"
    with path.open("wb") as file:
        file.truncate(SIZE_BYTES)
    return path


@contextmanager
def traced() -> Iterator[list[int]]:
    """Give what was in memory at most."""
    peaks: list[int] = []
    tracemalloc.start()
    try:
        yield peaks
        peaks.append(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("form", ["sync", "async"])
def test_a_file_is_never_whole_in_memory_and_its_store_gets_no_key(server: Server, file: Path, form: str) -> None:
    with opened(form, server.url, api_key="est_key") as client, traced() as peaks:
        client.upload(file)
        copy = client.content("d", file.with_name("copy.bin"))
    assert server.received_bytes == copy.stat().st_size == SIZE_BYTES
    assert peaks[0] < MOST_BYTES
    assert server.keys == [
        ("/api/v1/documents/upload/presigned", "Bearer est_key"),
        ("/store/x", None),
        ("/api/v1/documents/d/content", "Bearer est_key"),
        ("/store/x", None),
    ]


def test_whoever_waits_for_a_server_that_is_away_can_be_stopped() -> None:
    caught: list[EsteiraError] = []
    with opened("sync", "http://127.0.0.1:9", patience=PATIENT) as client:

        def ask() -> None:
            with pytest.raises(EsteiraError) as raised:
                client.status("d")
            caught.append(raised.value)

        waiting = threading.Thread(target=ask)
        waiting.start()
        client.stop()
        waiting.join(PATIENT.before_first_answer / 2)
        assert [error.code for error in caught] == ["server_unreachable"]


def test_a_task_that_waits_can_be_cancelled() -> None:
    async def asked() -> None:
        async with AsyncEsteira("http://127.0.0.1:9", patience=PATIENT) as client:
            await asyncio.wait_for(client.status("d"), timeout=0.5)

    began = time.monotonic()
    with pytest.raises(TimeoutError):
        asyncio.run(asked())
    assert time.monotonic() - began < PATIENT.before_first_answer / 2


def test_a_download_that_cannot_be_had_leaves_no_file(server: Server, tmp_path: Path) -> None:
    with opened("sync", server.url) as client, pytest.raises(EsteiraError):
        client.content("nobody", tmp_path / "copy.bin")
    assert list(tmp_path.iterdir()) == []
