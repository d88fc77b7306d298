"""The process that keeps a worker process for each queue running. It loads nothing heavy: it only watches."""

import sys
from collections.abc import Sequence
from pathlib import Path

from bootstrap.backends import find_backends
from bootstrap.settings import Settings
from infrastructure.queue.supervisor import supervise

WORKER_PROGRAM = Path(__file__).resolve().parent.parent / "worker.py"


def run_workers(settings: Settings, *, queues: Sequence[str], name: str | None, verbose: bool) -> int:
    """Keep a process for each queue until SIGTERM. Raises StackNotRunning."""
    find_backends(settings)
    options = ["--verbose"] if verbose else []
    commands = {queue: [*_command(queue, name), *options] for queue in queues}
    return supervise(
        commands,
        stop_seconds=settings.grace_seconds + settings.beat_seconds,
        silence_seconds=silence_seconds(settings),
    )


def silence_seconds(settings: Settings) -> float:
    """Return how long a worker may be silent: its action was taken back by then, and a hung one had ended itself."""
    return settings.lease_seconds + settings.hang_seconds


def _command(queue: str, name: str | None) -> list[str]:
    named = ["--name", f"{name}-{queue}"] if name else []
    return [sys.executable, str(WORKER_PROGRAM), "--queue", queue, *named]
