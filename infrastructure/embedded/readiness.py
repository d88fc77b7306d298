"""Waits until a server answers, and says at once when it will not."""

import contextlib
import logging
import os
import subprocess
import time
from pathlib import Path

import psycopg

from infrastructure.embedded.errors import ServerDidNotStart
from infrastructure.embedded.postgres_server import PostgresServer
from infrastructure.embedded.redis_server import RedisServer

log = logging.getLogger(__name__)

READY_SECONDS = 60.0
POLL_SECONDS = 0.02
LOG_TAIL_BYTES = 4000

Server = PostgresServer | RedisServer


def wait_until_ready(server: Server, supervisor: "subprocess.Popen[bytes]") -> None:
    """Wait until the server answers. Raises ServerDidNotStart when it ended, or after 60 s."""
    deadline = time.monotonic() + READY_SECONDS
    reports = b""
    while True:
        try:
            server.probe()
        except (OSError, psycopg.OperationalError):
            reports += read_reports(supervisor)
            ended = f"{server.name} ended ".encode() in reports
            tail = tail_of(server.log_file) if ended else ""
            if (ended and not server.may_recover(tail)) or supervisor.poll() is not None or time.monotonic() > deadline:
                raise did_not_start(server) from None
            time.sleep(POLL_SECONDS)
        else:
            return


def read_reports(supervisor: "subprocess.Popen[bytes]") -> bytes:
    """Return what the supervisor has said since, without waiting."""
    if supervisor.stdout is None:
        return b""
    os.set_blocking(supervisor.stdout.fileno(), False)
    try:
        return os.read(supervisor.stdout.fileno(), 65536)
    except BlockingIOError:
        return b""


def did_not_start(server: Server) -> ServerDidNotStart:
    """Put the server's own words into our log, and return the error for the user."""
    log.error("%s did not start. The end of its log:\n%s", server.name, tail_of(server.log_file))
    return ServerDidNotStart(f"The embedded {server.name} did not start; {server.log_file} says why.")


def tail_of(path: Path) -> str:
    """Return the end of a log."""
    with contextlib.suppress(OSError), path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - LOG_TAIL_BYTES))
        return file.read().decode(errors="replace")
    return ""
