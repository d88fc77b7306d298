"""Runs the servers for as long as their owner lives: whatever way the owner ends, it stops them and tidies up.

Run as a script by its path (`python -I -S supervisor.py ORDERS`), so it may import the standard library only. It is a
small process of its own, in its own session: Ctrl-C in the owner's terminal does not reach it, it forks safely, and it
outlives an owner that was killed. It inherits the lock of the data directory and so holds it until the last server has
ended. Standard input is a pipe that only the owner can write: its end is the order to stop. Standard output has a line
`NAME ended STATUS` for each server that ended by itself; such a server is started again.
"""

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

GLANCE_SECONDS = 0.2
PATIENCE_SECONDS = 60.0
LAST_PATIENCE_SECONDS = 10.0
LONGEST_PAUSE_SECONDS = 10.0
ENVIRONMENT = {"LC_ALL": "C", "PATH": "/usr/local/bin:/usr/bin:/bin"}  # none of the owner's PG* variables or locale


class Server:
    """A server's process, started again with a growing pause when it ends by itself."""

    def __init__(self, *, name: str, command: list[str], log: str, stop_signals: list[int]) -> None:
        self.name = name
        self.command = command
        self.log = log
        self.stop_signals = stop_signals
        self.process: subprocess.Popen[bytes] | None = None
        self.pause_seconds = GLANCE_SECONDS
        self.started = self.due = 0.0

    def start(self) -> None:
        """Start it, its output appended to its log."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        log = os.open(self.log, flags, 0o600)
        try:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**ENVIRONMENT, **library_path(), "TETHER_PARENT": str(os.getpid())},
                start_new_session=True,
            )
        finally:
            os.close(log)
        self.started = time.monotonic()

    def keep_up(self) -> None:
        """Report its end, and start it again when its pause is over."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.due:
                self.start()
        elif (status := self.process.poll()) is not None:
            self.process = None
            long_lived = now - self.started > PATIENCE_SECONDS
            self.pause_seconds = GLANCE_SECONDS if long_lived else min(2 * self.pause_seconds, LONGEST_PAUSE_SECONDS)
            self.due = now + self.pause_seconds
            with contextlib.suppress(OSError):
                os.write(sys.stdout.fileno(), f"{self.name} ended {status}\n".encode())

    def send(self, number: int) -> None:
        """Send it a signal, if it still runs."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(number)

    def has_ended(self) -> bool:
        """Return whether it is gone."""
        return self.process is None or self.process.poll() is not None


def main(orders: dict[str, Any]) -> None:
    """Start the servers, watch over them and their owner, stop them."""
    servers = [Server(**server) for server in orders["servers"]]
    for ignored in (signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    os.set_blocking(sys.stdout.fileno(), False)
    try:
        while os.getppid() == orders["owner_pid"]:  # a process that the owner forked may hold the pipe open
            for server in servers:
                server.keep_up()
            if select.select([sys.stdin.fileno()], [], [], GLANCE_SECONDS)[0]:
                break
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        tidy(orders["addresses"])
        stop(servers)
        tidy(orders["sockets"])


def stop(servers: Sequence[Server]) -> None:
    """Ask politely, then firmly, then kill."""
    for step, patience in ((0, PATIENCE_SECONDS), (1, LAST_PATIENCE_SECONDS), (None, LAST_PATIENCE_SECONDS)):
        for server in servers:
            server.send(signal.SIGKILL if step is None else server.stop_signals[step])
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if all(server.has_ended() for server in servers):
                return
            time.sleep(0.01)


def tidy(path: str) -> None:
    """Remove what means nothing without the servers."""
    with contextlib.suppress(OSError):
        if Path(path).is_dir():
            shutil.rmtree(path)
        else:
            Path(path).unlink()


def library_path() -> dict[str, str]:
    """Return the variables without which some Pythons do not start."""
    names = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    return {name: os.environ[name] for name in names if name in os.environ}


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
