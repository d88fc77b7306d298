"""The embedded Redis: a doorbell, so it keeps nothing on disk, and nothing is lost when it goes."""

import signal
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from infrastructure.embedded.account import Account

PROBE_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisServer:
    """A redis-server which listens in a private folder only."""

    name = "redis"

    program: Path
    sockets: Path
    log_file: Path
    account: Account

    @property
    def socket_path(self) -> Path:
        """Where it listens."""
        return self.sockets / "redis.sock"

    @property
    def url(self) -> str:
        """Address for redis-py."""
        return f"unix://{quote(str(self.socket_path))}?db=0"

    def orders(self) -> dict[str, Any]:
        """Return how the supervisor starts and stops it."""
        settings = {
            "port": "0",
            "unixsocket": str(self.socket_path),
            "unixsocketperm": "700",
            "dir": str(self.sockets),
            "save": "",
            "appendonly": "no",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            "loglevel": "warning",
        }
        arguments = [word for name, value in settings.items() for word in (f"--{name}", value)]
        return {
            "name": self.name,
            "command": self.account.command([str(self.program), *arguments], death_signal=signal.SIGTERM),
            "log": str(self.log_file),
            "stop_signals": [int(signal.SIGTERM), int(signal.SIGKILL)],
        }

    def probe(self) -> None:
        """Talk to it once. Raises OSError while it is not ready."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(PROBE_SECONDS)
            client.connect(str(self.socket_path))
            client.sendall(b"PING\r\n")
            if not client.recv(16).startswith(b"+PONG"):
                raise ConnectionRefusedError("not ready")

    def may_recover(self, log_tail: str) -> bool:  # noqa: ARG002 (the same shape as PostgreSQL's)
        """Return whether to wait for the supervisor's next try after it ended while starting."""
        return False
