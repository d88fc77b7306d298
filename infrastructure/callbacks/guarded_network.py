"""Connects to addresses that are allowed and to no others, and lets nothing take longer than until a deadline.

Between the check and the connection no name is looked up: what was checked is what is connected to.
"""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from queue import Empty, SimpleQueue
from typing import Any

from httpcore import (
    SOCKET_OPTION,
    ConnectError,
    ConnectTimeout,
    NetworkBackend,
    NetworkStream,
    ReadTimeout,
    SyncBackend,
)

from domain.callback import CallbackRules, IpAddress
from domain.errors import CallbackRefused

Resolve = Callable[[str], Sequence[IpAddress]]


def resolve_by_system(host: str) -> Sequence[IpAddress]:
    """Return the addresses of a name, in the order in which to try them. Raises OSError."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(address[4][0]) for address in found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """A moment on the monotonic clock."""

    at: float

    def left(self) -> float:
        """Return the seconds that are left. Raises ReadTimeout when there are none."""
        seconds = self.at - time.monotonic()
        if seconds <= 0:
            raise ReadTimeout
        return seconds


class GuardedBackend(NetworkBackend):
    """The network of one callback."""

    def __init__(self, *, rules: CallbackRules, resolve: Resolve, deadline: Deadline) -> None:
        self._rules = rules
        self._resolve = resolve
        self._deadline = deadline
        self._network = SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> NetworkStream:
        """Connect to the first allowed address that answers. Raises CallbackRefused where the name has none."""
        addresses = [address for address in self._look_up(host) if self._rules.allow(address)]
        if not addresses:
            raise CallbackRefused
        failed: Exception = ConnectError()
        for address in addresses:
            left = self._deadline.left()
            seconds = left if timeout is None else min(left, timeout)
            try:
                stream = self._network.connect_tcp(str(address), port, seconds, local_address, socket_options)
            except (ConnectError, ConnectTimeout) as error:
                failed = error
            else:
                return _BoundedStream(stream, self._deadline)
        raise failed

    def _look_up(self, host: str) -> Sequence[IpAddress]:
        """Return the name's addresses. The system's resolver knows no time limit, so it is asked from a thread."""
        answer: SimpleQueue[Sequence[IpAddress] | Exception] = SimpleQueue()

        def ask() -> None:
            try:
                answer.put(self._resolve(host))
            except Exception as error:  # noqa: BLE001 - it is raised where the answer is waited for
                answer.put(error)

        threading.Thread(target=ask, name="resolver", daemon=True).start()
        try:
            found = answer.get(timeout=self._deadline.left())
        except Empty as error:
            raise ConnectTimeout("the name was not looked up in time") from error
        if isinstance(found, OSError | UnicodeError):
            raise ConnectError(str(found)) from found
        if isinstance(found, Exception):
            raise found
        return found


class _BoundedStream(NetworkStream):
    """A stream on which a peer that sends a byte now and then does not last for ever."""

    def __init__(self, stream: NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - the deadline is shorter
        return self._stream.read(max_bytes, self._deadline.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - the same
        self._stream.write(buffer, self._deadline.left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - the same
    ) -> NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left())
        return _BoundedStream(secured, self._deadline)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - as httpcore declares it
        return self._stream.get_extra_info(info)
