"""A program of ours as a process: what it says can be waited for, and it is gone when the context is left."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
# The tree, and the client that the commands use.
PYTHONPATH = os.pathsep.join((str(ROOT), str(ROOT / "clients" / "python")))
PATIENCE_SECONDS = 120.0
DEV = ("-m", "bootstrap.command", "dev")
API = ("-m", "bootstrap.command", "api")
WORKER = (str(ROOT / "worker.py"),)


class Program:
    """A running process. Output and errors are one stream, which ends when its last child has ended too."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self._lines: list[str] = []
        self._ended = False
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, name="output", daemon=True)
        self._reader.start()

    @property
    def output(self) -> str:
        """All that it said so far."""
        with self._changed:
            return "".join(self._lines)

    def said(self, pattern: str) -> "re.Match[str]":
        """Wait until what it said matches; return the first match."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        with self._changed:
            while not (found := re.search(pattern, "".join(self._lines))):
                assert not self._ended, f"it ended without saying {pattern!r}:\n{''.join(self._lines)}"
                waited = self._changed.wait(deadline - time.monotonic())
                assert waited, f"it does not say {pattern!r}:\n{''.join(self._lines)}"
            return found

    def ended(self) -> int:
        """Wait until it, and all who hold its output, have ended; return the exit code."""
        code = self.process.wait(PATIENCE_SECONDS)
        self._reader.join(PATIENCE_SECONDS)
        assert not self._reader.is_alive(), f"a child of it lives on:\n{self.output}"
        return code

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send a signal, and wait for the end."""
        self.process.send_signal(number)
        return self.ended()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._changed:
                self._lines.append(line)
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()


def environment(data_dir: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a program of this tree, with none of the settings of whoever runs the tests."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ESTEIRA_")}
    return {
        **inherited,
        "PYTHONPATH": PYTHONPATH,
        "PYTHONDONTWRITEBYTECODE": "1",
        "ESTEIRA_DATA_DIR": str(data_dir),
        "ESTEIRA_PORT": "0",
        **settings,
    }


@contextmanager
def running_program(
    arguments: Sequence[str], data_dir: Path, *, folder: Path | None = None, user: int | None = None, **settings: str
) -> Iterator[Program]:
    """Run Python with `arguments` in a process group of its own; on leaving it is stopped, by force if need be.

    `folder` is where it works: not in the tree, where a developer's `.env` may be.
    """
    as_user: dict[str, Any] = {} if user is None else {"user": user, "group": user, "extra_groups": []}
    process = subprocess.Popen(
        [sys.executable, *arguments],
        env=environment(data_dir, settings),
        cwd=folder or data_dir.parent,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        process_group=0,
        **as_user,
    )
    program = Program(process)
    try:
        yield program
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        try:
            program.ended()
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        finally:
            if process.stdout:
                process.stdout.close()
