"""PostgreSQL and Redis as processes that can be stopped and started again at the same address."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from infrastructure.embedded.data_directory import DataDirectory
from infrastructure.embedded.postgres_server import PostgresServer
from infrastructure.embedded.readiness import Server
from infrastructure.embedded.stack import prepare

READY_SECONDS = 60.0


class RestartableServer:
    """One server. It dies with the thread that started it, so every start has to come from the main thread."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.url = server.url
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        orders = self.server.orders()
        with Path(orders["log"]).open("ab") as log:
            self._process = subprocess.Popen(
                orders["command"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"LC_ALL": "C", "PATH": "/usr/local/bin:/usr/bin:/bin", "TETHER_PARENT": str(os.getpid())},
                start_new_session=True,
                cwd="/",
            )
        deadline = time.monotonic() + READY_SECONDS
        while True:
            try:
                self.server.probe()
            except (OSError, psycopg.OperationalError):
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise
                time.sleep(0.05)
            else:
                return

    def stop(self, number: int = signal.SIGINT) -> None:
        """Send a signal and wait for the end."""
        if self._process is None:
            return
        self._process.send_signal(number)
        try:
            self._process.wait(READY_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


@contextmanager
def own_servers(folder: Path) -> Iterator[tuple[RestartableServer, RestartableServer]]:
    """Start PostgreSQL and Redis in a new data directory; yield them in this order, the database made."""
    servers, _ = prepare(DataDirectory.open(folder, create=True), want_postgres=True, want_redis=True)
    restartable = [RestartableServer(server) for server in servers]
    try:
        for server in restartable:
            server.start()
            if isinstance(server.server, PostgresServer):
                server.server.ensure_database()
        postgres, redis = restartable
        yield postgres, redis
    finally:
        for server in reversed(restartable):
            with suppress(ProcessLookupError):
                server.stop()
