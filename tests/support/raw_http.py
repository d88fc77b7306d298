"""A server that says what a test wants, also what no HTTP server would say, and hangs up."""

import socketserver
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Asked:
    """A request whose head has come; `body` gives what follows."""

    method: str
    target: str
    headers: Message
    body: Iterator[bytes]


Answer: TypeAlias = Callable[[Asked], Iterable[bytes]]


def http(status: str, content: bytes = b"", **headers: str) -> list[bytes]:
    """Return an answer of known length."""
    told = {"Content-Length": str(len(content)), "Connection": "close"}
    told |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return [f"HTTP/1.1 {status}\r\n{head}\r\n".encode(), content]


class _Handler(socketserver.StreamRequestHandler):
    answer: Answer

    def handle(self) -> None:
        try:
            method, target, _ = self.rfile.readline().decode("latin-1").split(" ", 2)
            headers = BytesHeaderParser().parsebytes(b"".join(iter(self.rfile.readline, b"\r\n")))
            for block in type(self).answer(Asked(method, target, headers, self._body(headers))):
                self.wfile.write(block)
        except (OSError, ValueError):
            pass  # the client went away

    def _body(self, headers: Message) -> Iterator[bytes]:
        left = int(headers.get("Content-Length", 0))
        while left and (block := self.rfile.read(min(left, 1 << 16))):
            left -= len(block)
            yield block


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128


@contextmanager
def raw_server(answer: Answer) -> Iterator[str]:
    """Answer each request with the bytes that `answer` gives; yield the URL."""
    handler = type("Handler", (_Handler,), {"answer": staticmethod(answer)})
    with _Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="raw server")
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
