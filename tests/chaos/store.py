"""An object store that can be told to fail: a stand-in for S3 behind a proxy that answers 500, or not at all."""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Self
from urllib.parse import urlsplit

import boto3
import httpx
from moto.server import ThreadedMotoServer

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "chaos",
    "AWS_SECRET_ACCESS_KEY": "chaos",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
BUCKET = "chaos"
ERROR_BODY = b'<?xml version="1.0"?><Error><Code>InternalError</Code><Message>We failed.</Message></Error>'
ERROR_ANSWER = (
    b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/xml\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(ERROR_BODY), ERROR_BODY)
)


class Mood(StrEnum):
    """How the store answers."""

    WELL = "well"
    ERRORS = "errors"
    STALL = "stall"


class FaultyStore:
    """The proxy, served by a thread of its own. `url` is its address."""

    def __init__(self, backend_url: str) -> None:
        address = urlsplit(backend_url)
        self._backend = (address.hostname, address.port)
        self.backend_url = backend_url
        self.url = ""
        self.requests_failed = 0
        self._mood = Mood.WELL
        self._moves = asyncio.Event()
        self._moves.set()
        self._connections: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="store proxy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def behave(self, mood: Mood) -> None:
        """Answer so from now on; open connections are dropped, or stall."""
        self._loop.call_soon_threadsafe(self._change, mood)

    def object_keys(self) -> list[str]:
        """Return what is stored, past the proxy."""
        pages = _client(self.backend_url).get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        return [found["Key"] for page in pages for found in page.get("Contents", [])]

    def _change(self, mood: Mood) -> None:
        self._mood = mood
        (self._moves.clear if mood is Mood.STALL else self._moves.set)()
        if mood is not Mood.STALL:
            for connection in self._connections:
                connection.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._started.set()
        self._loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.run_until_complete(asyncio.sleep(0.05))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            if self._mood is Mood.ERRORS:
                await self._fail(reader, writer)
            else:
                await self._pass_on(reader, writer)
        self._connections.discard(writer)
        writer.close()

    async def _fail(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        if lengths:
            await reader.readexactly(int(lengths[0].split(b":")[1]))
        self.requests_failed += 1
        writer.write(ERROR_ANSWER)
        await writer.drain()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._moves.wait()
        backend_reader, backend_writer = await asyncio.open_connection(*self._backend)
        self._connections.add(backend_writer)
        try:
            await asyncio.gather(self._copy(reader, backend_writer), self._copy(backend_reader, writer))
        finally:
            self._connections.discard(backend_writer)
            backend_writer.close()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1 << 16):
            if self._mood is Mood.STALL:
                self.requests_failed += 1
                await self._moves.wait()
            writer.write(data)
            await writer.drain()
        writer.close()


@contextmanager
def own_store() -> Iterator[FaultyStore]:
    """Serve an empty bucket."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # or it prints every request
    backend = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    backend.start()
    try:
        host, port = backend.get_host_and_port()
        backend_url = f"http://{host}:{port}"
        # All servers of a process share what they store: an earlier soak's objects would be nobody's here.
        httpx.post(f"{backend_url}/moto-api/reset").raise_for_status()
        _client(backend_url).create_bucket(Bucket=BUCKET)
        with FaultyStore(backend_url) as store:
            yield store
    finally:
        backend.stop()


def _client(url: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 - boto3 makes its classes at run time
    session = boto3.session.Session(
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        region_name=CREDENTIALS["AWS_DEFAULT_REGION"],
    )
    return session.client("s3", endpoint_url=url)
