"""A reverse proxy that cuts each connection some seconds after the client's last word, as gateways do with requests."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_BYTES = 1 << 16


@dataclass
class ImpatientProxy:
    """Stands before the server at `target`. `cut` counts what it did not wait for."""

    target: str
    patience_seconds: float
    cut: int = 0
    url: str = ""
    _ready: threading.Event = field(default_factory=threading.Event)
    _end: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self) -> None:
        server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._loop = asyncio.get_running_loop()
        self._ready.set()
        await self._end.wait()
        server.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection: the time runs from the client's last word on."""
        target = urlsplit(self.target)
        inner_reader, inner_writer = await asyncio.open_connection(target.hostname, target.port)
        both = asyncio.timeout(None)
        try:
            async with both, asyncio.TaskGroup() as tasks:
                tasks.create_task(self._forward(reader, inner_writer, both))
                await self._forward(inner_reader, writer)
                raise ConnectionResetError
        except* TimeoutError:
            self.cut += 1
        except* ConnectionError:
            pass
        finally:
            for each in (writer, inner_writer):
                each.transport.abort()

    async def _forward(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, both: asyncio.Timeout | None = None
    ) -> None:
        while said := await reader.read(_BYTES):
            if both:
                both.reschedule(asyncio.get_running_loop().time() + self.patience_seconds)
            writer.write(said)
            await writer.drain()
        raise ConnectionResetError

    def begin(self) -> None:
        threading.Thread(target=lambda: asyncio.run(self.serve()), name="proxy").start()
        self._ready.wait()

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self._end.set)


@contextmanager
def impatient_proxy(target: str, *, patience_seconds: float) -> Iterator[ImpatientProxy]:
    proxy = ImpatientProxy(target=target, patience_seconds=patience_seconds)
    proxy.begin()
    try:
        yield proxy
    finally:
        proxy.end()
