"""Ties child processes to their parent: when the parent dies, however it dies, a pipe closes and the children end."""

import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence

LIFELINE_VARIABLE = "ESTEIRA_LIFELINE_FD"


class Lifeline:
    """Held by the parent. Nothing is ever written: the write end is open in the parent alone, and closes with it."""

    def __init__(self) -> None:
        self._read_end, self._write_end = os.pipe()

    def start(
        self,
        command: Sequence[str],
        settings: Mapping[str, str] | None = None,
        *,
        descriptors: Sequence[int] = (),
        own_session: bool = False,
    ) -> subprocess.Popen[bytes]:
        """Start a process which ends when this one is gone, if it calls `follow_parent`.

        `settings` are environment variables beside this process's own; `descriptors` stay open in it. In
        a session of its own it does not get the terminal's Ctrl-C.
        """
        environment = {**os.environ, **(settings or {}), LIFELINE_VARIABLE: str(self._read_end)}
        return subprocess.Popen(
            command, env=environment, pass_fds=(self._read_end, *descriptors), start_new_session=own_session
        )


def follow_parent() -> None:
    """Send SIGTERM to this process once its parent is gone. Does nothing in a process that no parent tied."""
    descriptor = os.environ.pop(LIFELINE_VARIABLE, None)
    if descriptor is None:
        return
    thread = threading.Thread(target=_wait_for_end, args=(int(descriptor),), name="lifeline", daemon=True)
    thread.start()


def _wait_for_end(descriptor: int) -> None:
    os.read(descriptor, 1)
    os.kill(os.getpid(), signal.SIGTERM)
