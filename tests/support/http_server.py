"""Real servers for tests, on ports that the system chooses."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

_START_SECONDS = 10


class TidyServer(uvicorn.Server):
    """Tells when it has started or failed to, and leaves no connection open."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.settled = threading.Event()

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            super().run(sockets)
        finally:
            self.settled.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.settled.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        # A client that does not read its answer, or came in this very moment, would leave its connection open.
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)


def listening_socket() -> socket.socket:
    """Bind a free port, for apps that must know their URL before they are made."""
    # Named, or asyncio leaves Nagle's algorithm on and every answer takes 40 ms.
    listener = socket.socket(proto=socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    return listener


def url_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()
    return f"http://{host}:{port}"


@contextmanager
def running_uvicorn(app: ASGIApp, listener: socket.socket | None = None) -> Iterator[str]:
    """Serve `app` from a thread until the context is left; yields the URL without a slash at its end."""
    with listener or listening_socket() as bound:
        server = TidyServer(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2))
        thread = threading.Thread(target=server.run, args=([bound],), name="uvicorn")
        thread.start()
        try:
            if not server.settled.wait(_START_SECONDS) or not server.started:
                raise RuntimeError("the server did not start")
            yield url_of(bound)
        finally:
            server.should_exit = True
            thread.join()
