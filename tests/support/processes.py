"""Real worker processes with short settings, and what a test must be able to do to them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from sqlalchemy import Engine, text

ROOT = Path(__file__).resolve().parents[2]
GLANCE_SECONDS = 0.02
SHORT_SETTINGS = {
    "LEASE_SECONDS": "2",
    "BEAT_SECONDS": "0.4",
    "HANG_SECONDS": "1",
    "GRACE_SECONDS": "0.5",
    "RELAY_SECONDS": "0.2",
    "REAP_SECONDS": "0.3",
    "RECONCILE_SECONDS": "1",
    "RETRY_DELAY_SECONDS": "0.2",
    "PARSER_PAGE_SECONDS": "600",
}
SUPERVISED = """
import sys
from bootstrap.logs import configure_logs
from infrastructure.queue.supervisor import supervise
configure_logs("INFO")
worker = [sys.executable, "-m", "tests.support.scripted_worker", sys.argv[1]]
sys.exit(supervise({"one": worker}, stop_seconds=5, silence_seconds=30))
"""


def until(condition: Callable[[], object], *, seconds: float) -> float:
    """Wait for a condition; return how long that took."""
    began_at = time.monotonic()
    while not condition():
        assert time.monotonic() - began_at < seconds, "it does not happen in time"
        time.sleep(GLANCE_SECONDS)
    return time.monotonic() - began_at


@dataclass
class Workers:
    """Starts scripted workers on a database and a Redis; none outlives the test."""

    engine: Engine
    database_url: str
    redis_url: str
    folder: Path
    started: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def start(
        self, name: str, *, supervised: bool = False, command: Sequence[str] = (), **settings: str
    ) -> "subprocess.Popen[bytes]":
        """Start a worker (or a supervisor with one, or another program) and wait until it serves its queue."""
        command = command or (["-c", SUPERVISED, name] if supervised else ["-m", "tests.support.scripted_worker", name])
        with self.log(name).open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *command], cwd=ROOT, env=self._environment(settings), stdout=log, stderr=log
            )
        self.started.append(process)
        until(lambda: self.serves(name), seconds=30)
        return process

    def log(self, name: str) -> Path:
        """Return where the process writes its log."""
        return self.folder / f"{name}.log"

    def serves(self, name: str) -> bool:
        """Tell whether the worker has told that it lives."""
        with self.engine.connect() as connection:
            return (
                connection.execute(text("SELECT 1 FROM workers WHERE name = :name"), {"name": name}).first() is not None
            )

    def end(self) -> None:
        """Kill what still runs, with all its children."""
        for process in self.started:
            for each in family(process.pid):
                each.kill()
            process.kill()
            process.wait()

    def _environment(self, settings: Mapping[str, str]) -> dict[str, str]:
        ours = {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "DATA_DIR": str(self.folder / "data"),
            **SHORT_SETTINGS,
            **settings,
        }
        kept = {key: value for key, value in os.environ.items() if not key.startswith("ESTEIRA_")}
        return {**kept, "PYTHONPATH": str(ROOT), **{f"ESTEIRA_{key}": value for key, value in ours.items()}}


def family(pid: int) -> Sequence[psutil.Process]:
    """Return the living descendants of a process."""
    try:
        return [child for child in psutil.Process(pid).children(recursive=True) if child.is_running()]
    except psutil.NoSuchProcess:
        return []


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Let a process stand still."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
