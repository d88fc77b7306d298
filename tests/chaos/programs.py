"""The processes of Esteira in a soak: started again when they end, and found again in the list of processes."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

RESTART_SECONDS = 0.5


class Program:
    """One program. Whoever kills it need not care: `tend` starts it again."""

    def __init__(self, name: str, command: Sequence[str], *, environment: Mapping[str, str], folder: Path) -> None:
        self.name = name
        self.pids: list[int] = []
        self.unasked_ends = 0
        self._command, self._environment, self._folder = command, environment, folder
        self._process: subprocess.Popen[bytes] | None = None
        self._start_at = 0.0
        self._killed = False

    @property
    def pid(self) -> int | None:
        """The process that runs now."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Start it, its log appended to."""
        with (self._folder / f"{self.name}.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._environment, cwd=self._folder
            )
        self.pids.append(self._process.pid)
        self._killed = False

    def tend(self) -> None:
        """Start it again when it has ended."""
        if self._process is None:
            if time.monotonic() >= self._start_at:
                self.start()
        elif self._process.poll() is not None:
            self.unasked_ends += not self._killed
            self._process, self._start_at = None, time.monotonic() + RESTART_SECONDS

    def send(self, number: int) -> None:
        """Send a signal, if it runs."""
        if self.pid:
            self._killed = self._killed or number == signal.SIGKILL
            os.kill(self.pid, number)

    def stop(self, seconds: float) -> None:
        """End it for good: SIGTERM, then SIGKILL."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def parsers_of(parents: Sequence[int]) -> list[int]:
    """Return the parser children that these workers started, also of workers that are gone."""
    shown = subprocess.run(
        ["/bin/ps", "-A", "-ww", "-o", "pid=,command="], capture_output=True, text=True, check=True
    ).stdout
    wanted = {str(pid) for pid in parents}
    found = []
    for line in shown.splitlines():
        pid, _, command = line.strip().partition(" ")
        # The last arguments: the parent's process id, bytes of memory, if programs may be started.
        if "infrastructure.extraction.sandbox.child" in command and command.split()[-3] in wanted:
            found.append(int(pid))
    return found


def still_there(pids: Sequence[int]) -> list[int]:
    """Return those of the processes that exist."""
    return [pid for pid in pids if _exists(pid)]


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
