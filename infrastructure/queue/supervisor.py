"""Keeps processes running, a worker for each queue say: starts one again, ever later, when it ends or freezes."""

import logging
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
# The least time to the first sign: on a busy machine Python alone takes seconds to start.
START_SECONDS = 60.0


@dataclass(slots=True, kw_only=True)
class Child:
    """One supervised process. Turns are counted, not time: a machine that slept with both was no silence."""

    name: str
    command: Sequence[str]
    lifeline: Lifeline
    silence_seconds: float
    settings: Mapping[str, str] = field(default_factory=dict)
    own_session: bool = False
    process: subprocess.Popen[bytes] | None = None
    pulse: Pulse = field(init=False)
    turns_without_pulse: int = 0
    gave_a_sign: bool = False
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
            self.turns_without_pulse, self.gave_a_sign = 0, True
        else:
            self.turns_without_pulse += 1
            if self.turns_without_pulse * TURN_SECONDS >= self._longest_silence_seconds:
                log.error("%s gives no sign of life, it is ended", self.name)
                self.process.kill()
                self.process.wait()

    @property
    def _longest_silence_seconds(self) -> float:
        return self.silence_seconds if self.gave_a_sign else max(self.silence_seconds, START_SECONDS)

    def _start(self) -> None:
        self.pulse = Pulse()
        self.process = self.lifeline.start(
            self.command,
            {**self.settings, **self.pulse.settings},
            descriptors=(self.pulse.descriptor,),
            own_session=self.own_session,
        )
        self.pulse.handed_over()
        self.started_at, self.turns_without_pulse, self.gave_a_sign = time.monotonic(), 0, False

    def _ended(self, code: int) -> None:
        if time.monotonic() - self.started_at > HEALTHY_SECONDS:
            self.delay_seconds = FIRST_DELAY_SECONDS
        log.warning("%s ended with %s, next start in %.1f s", self.name, code, self.delay_seconds)
        self.pulse.close()
        self.process, self.start_at = None, time.monotonic() + self.delay_seconds
        self.delay_seconds = min(LONGEST_DELAY_SECONDS, self.delay_seconds * 2)


def supervise(commands: Mapping[str, Sequence[str]], *, stop_seconds: float, silence_seconds: float) -> int:
    """Keep workers, by the names of their queues, until SIGTERM or SIGINT: as `keep` does."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    lifeline = Lifeline()
    children = [
        Child(name=f"worker {name}", command=command, lifeline=lifeline, silence_seconds=silence_seconds)
        for name, command in commands.items()
    ]
    keep(children, until=stopping, stop_seconds=stop_seconds)
    return 0


def keep(children: Sequence[Child], *, until: threading.Event, stop_seconds: float) -> None:
    """Run until the event is set, then stop the children: SIGTERM first, SIGKILL after `stop_seconds`.

    A child that gives no sign of life (`start_pulse`) for its `silence_seconds` is killed and started anew; for its
    first sign it has longer.
    """
    while not until.wait(TURN_SECONDS):
        for child in children:
            child.tend()
    _stop([child.process for child in children if child.process], stop_seconds)


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
