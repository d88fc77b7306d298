"""The parent's end of one child process: start it, ask it, wait for its answers, end it."""

import contextlib
import os
import resource
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from domain.errors import EsteiraError
from domain.failure import FailureCode
from infrastructure.extraction.limits import ExtractionLimits
from infrastructure.extraction.sandbox.confinement import rusage_peak_bytes
from infrastructure.extraction.sandbox.protocol import FrameBuffer, Message, ProtocolError, encode

ROOT = Path(__file__).resolve().parents[3]
# -I and a bare environment: no PYTHON* variables, no working directory and no user packages on the path, no secrets.
_PYTHON = (sys.executable, "-I", "-X", "utf8", "-c")
_MAIN = "import sys; sys.path.insert(0, sys.argv.pop(1)); from infrastructure.extraction.sandbox.{} import main; main()"
CHILD_COMMAND: tuple[str, ...] = (*_PYTHON, _MAIN.format("child"), str(ROOT))
OFFICE_COMMAND: tuple[str, ...] = (*_PYTHON, _MAIN.format("office_child"), str(ROOT))
PASSED_ON = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "TESSDATA_PREFIX")
NEARLY_ALL_MEMORY = 0.7
# How long a cancel may go unnoticed while the child is silent.
CHECK_SECONDS = 0.5


class ParserUnavailable(EsteiraError):
    """The process that reads documents does not start."""

    code: ClassVar[str] = "parser_unavailable"
    retryable: ClassVar[bool] = True


class ReaderLost(Exception):
    """The child died, hung or talked nonsense, and has been ended. `code` says which."""

    def __init__(self, code: FailureCode) -> None:
        super().__init__(code)
        self.code = code


class ReaderProcess:
    """One child process. Not thread-safe. After ReaderLost it is dead; `kill` may be repeated."""

    def __init__(self, command: Sequence[str], limits: ExtractionLimits, *, check: Callable[[], None]) -> None:
        self._limits = limits
        self._frames = FrameBuffer()
        self._selector = selectors.DefaultSelector()
        self._process = subprocess.Popen(
            [*command, str(os.getpid()), str(limits.memory_bytes), str(int(limits.recognition is not None))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"LC_ALL": "C.UTF-8"} | {name: os.environ[name] for name in PASSED_ON if name in os.environ},
            cwd="/",
            start_new_session=True,
            bufsize=0,
        )
        assert self._process.stdin  # noqa: S101 - both are pipes
        assert self._process.stdout  # noqa: S101
        self._input, self._output = self._process.stdin, self._process.stdout
        self._selector.register(self._output, selectors.EVENT_READ)
        self.documents = 0
        self.peak_bytes = 0
        self._peak_at_start = 0
        self._peak_at_start = self._wait_until_ready(check)

    @property
    def pid(self) -> int:
        """Process id, which is its session's too."""
        return self._process.pid

    def alive(self) -> bool:
        """Tell whether the process still runs."""
        return self._process.poll() is None

    def worn(self) -> bool:
        """Tell whether it has served long enough, or grown too large, to be replaced."""
        return self.documents >= self._limits.recycle_documents or self.peak_bytes >= self._limits.recycle_bytes

    def send(self, message: Message) -> None:
        """Ask. Raises ReaderLost."""
        try:
            self._input.write(encode(message))
        except OSError:
            raise self._lost() from None

    def receive(self, seconds: float, *, check: Callable[[], None]) -> Message:
        """Wait so long for the next answer. Raises ReaderLost or what `check` raises, the child then being dead."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                message = self._frames.next_message()
            except ProtocolError:
                raise self._lost() from None
            if message is not None:
                return message
            if not self._is_readable(deadline, check):
                self.kill()
                raise ReaderLost(FailureCode.PARSER_TIMEOUT)
            data = os.read(self._output.fileno(), 1 << 17)
            if not data:
                raise self._lost()
            self._frames.feed(data)

    def _is_readable(self, deadline: float, check: Callable[[], None]) -> bool:
        """Wait until the child has written something; False when the time is over. Kills it if `check` raises."""
        while True:
            try:
                check()
            except BaseException:
                self.kill()
                raise
            left = deadline - time.monotonic()
            if self._selector.select(min(max(left, 0), CHECK_SECONDS)):
                return True
            if left <= CHECK_SECONDS:
                return False

    def kill(self) -> None:
        """End it and everything in its session, at once, and wait until it is gone."""
        self._end()

    def _wait_until_ready(self, check: Callable[[], None]) -> int:
        try:
            message = self.receive(self._limits.start_seconds, check=check)
        except ReaderLost as lost:
            raise ParserUnavailable from lost
        if message["type"] != "ready":
            self.kill()
            raise ParserUnavailable
        return int(message["peak_bytes"])

    def _lost(self) -> ReaderLost:
        usage = self._end()
        if self._process.returncode == -signal.SIGXCPU:
            return ReaderLost(FailureCode.PARSER_TIMEOUT)
        if usage:
            peak = rusage_peak_bytes(usage)
            if peak > self._peak_at_start and peak > NEARLY_ALL_MEMORY * self._limits.memory_bytes:
                return ReaderLost(FailureCode.OUT_OF_MEMORY)
        return ReaderLost(FailureCode.PARSER_CRASHED)

    def _end(self) -> resource.struct_rusage | None:
        """Kill and reap. A process that has died already keeps the status that it died with."""
        if self._process.returncode is not None:
            self._close_pipes()
            return None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        usage = None
        try:
            _, status, usage = os.wait4(self.pid, 0)
            self._process.returncode = os.waitstatus_to_exitcode(status)
        except ChildProcessError:  # somebody else in this process has reaped it
            self._process.returncode = -signal.SIGKILL
        self._close_pipes()
        return usage

    def _close_pipes(self) -> None:
        self._selector.close()
        for pipe in (self._input, self._output):
            with contextlib.suppress(OSError):
                pipe.close()
