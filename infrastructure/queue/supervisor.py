"""Keeps a worker process for each queue running: starts it again, ever later, when it ends by itself."""

import logging
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from infrastructure.lifeline import Lifeline

log = logging.getLogger(__name__)

FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 30.0
# A process that lived this long was well, so the next start is not delayed.
HEALTHY_SECONDS = 60.0


@dataclass(slots=True, kw_only=True)
class Child:
    """One supervised process."""

    name: str
    command: Sequence[str]
    lifeline: Lifeline
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    delay_seconds: float = FIRST_DELAY_SECONDS
    start_at: float = field(default=0.0)

    def tend(self) -> None:
        """Start the process if it is due, or note that it ended."""
        if self.process is None:
            if time.monotonic() >= self.start_at:
                self.process, self.started_at = self.lifeline.start(self.command), time.monotonic()
        elif (code := self.process.poll()) is not None:
            if time.monotonic() - self.started_at > HEALTHY_SECONDS:
                self.delay_seconds = FIRST_DELAY_SECONDS
            log.warning("worker %s ended with %s, next start in %.1f s", self.name, code, self.delay_seconds)
            self.process, self.start_at = None, time.monotonic() + self.delay_seconds
            self.delay_seconds = min(LONGEST_DELAY_SECONDS, self.delay_seconds * 2)


def supervise(commands: Mapping[str, Sequence[str]], *, stop_seconds: float) -> int:
    """Run until SIGTERM or SIGINT, then stop the children: SIGTERM first, SIGKILL after `stop_seconds`."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    lifeline = Lifeline()
    children = [Child(name=name, command=command, lifeline=lifeline) for name, command in commands.items()]
    while not stopping.wait(0.2):
        for child in children:
            child.tend()
    _stop([child.process for child in children if child.process], stop_seconds)
    return 0


def _stop(processes: Sequence[subprocess.Popen[bytes]], stop_seconds: float) -> None:
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + stop_seconds
    for process in processes:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
