"""Keeps a worker process for each queue running: starts it again, ever later, when it ends or freezes."""

import logging
import math
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from infrastructure.lifeline import Lifeline
from infrastructure.pulse import Pulse

log = logging.getLogger(__name__)

TURN_SECONDS = 0.2
FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 30.0
# A process that lived this long was well, so the next start is not delayed.
HEALTHY_SECONDS = 60.0


@dataclass(slots=True, kw_only=True)
class Child:
    """One supervised process. Turns are counted, not time: a machine that slept with both was no silence."""

    name: str
    command: Sequence[str]
    lifeline: Lifeline
    silent_turns: int
    process: subprocess.Popen[bytes] | None = None
    pulse: Pulse = field(init=False)
    turns_without_pulse: int = 0
    started_at: float = 0.0
    delay_seconds: float = FIRST_DELAY_SECONDS
    start_at: float = field(default=0.0)

    def tend(self) -> None:
        """Start the process if it is due, note that it ended, or end it when it has given no sign for too long."""
        if self.process is None:
            if time.monotonic() >= self.start_at:
                self._start()
        elif (code := self.process.poll()) is not None:
            self._ended(code)
        elif self.pulse.felt():
            self.turns_without_pulse = 0
        else:
            self.turns_without_pulse += 1
            if self.turns_without_pulse >= self.silent_turns:
                log.error("worker %s gives no sign of life, it is ended", self.name)
                self.process.kill()
                self.process.wait()

    def _start(self) -> None:
        self.pulse = Pulse()
        self.process = self.lifeline.start(self.command, self.pulse.settings, descriptors=(self.pulse.descriptor,))
        self.pulse.handed_over()
        self.started_at, self.turns_without_pulse = time.monotonic(), 0

    def _ended(self, code: int) -> None:
        if time.monotonic() - self.started_at > HEALTHY_SECONDS:
            self.delay_seconds = FIRST_DELAY_SECONDS
        log.warning("worker %s ended with %s, next start in %.1f s", self.name, code, self.delay_seconds)
        self.pulse.close()
        self.process, self.start_at = None, time.monotonic() + self.delay_seconds
        self.delay_seconds = min(LONGEST_DELAY_SECONDS, self.delay_seconds * 2)


def supervise(commands: Mapping[str, Sequence[str]], *, stop_seconds: float, silence_seconds: float) -> int:
    """Run until SIGTERM or SIGINT, then stop the children: SIGTERM first, SIGKILL after `stop_seconds`.

    A child that gives no sign of life (`start_pulse`) for `silence_seconds` is killed and started anew.
    """
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    lifeline = Lifeline()
    silent_turns = math.ceil(silence_seconds / TURN_SECONDS)
    children = [
        Child(name=name, command=command, lifeline=lifeline, silent_turns=silent_turns)
        for name, command in commands.items()
    ]
    while not stopping.wait(TURN_SECONDS):
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
