"""A sign of life from a child process to the parent that watches it: a byte every second, through a pipe.

A process that was stopped, or whose every thread hangs, does not end by itself: nothing else tells its parent.
"""

import contextlib
import os
import threading
import time

PULSE_VARIABLE = "ESTEIRA_PULSE_FD"
PULSE_SECONDS = 1.0
_MANY_BYTES = 65_536


class Pulse:
    """The parent's end. Give the child `descriptor` and `settings`, then call `handed_over`."""

    def __init__(self) -> None:
        self._read_end, self.descriptor = os.pipe()
        os.set_blocking(self._read_end, False)

    @property
    def settings(self) -> dict[str, str]:
        """Environment variables for the child."""
        return {PULSE_VARIABLE: str(self.descriptor)}

    def handed_over(self) -> None:
        """Close the child's end on this side."""
        os.close(self.descriptor)

    def felt(self) -> bool:
        """Tell whether the child has given a sign since the last call."""
        try:
            return bool(os.read(self._read_end, _MANY_BYTES))
        except BlockingIOError:
            return False

    def close(self) -> None:
        """Feel no longer."""
        os.close(self._read_end)


def start_pulse() -> None:
    """Give signs of life from now on. Does nothing in a process that no parent watches."""
    descriptor = os.environ.pop(PULSE_VARIABLE, None)
    if descriptor is None:
        return
    os.set_blocking(int(descriptor), False)
    threading.Thread(target=_beat, args=(int(descriptor),), name="pulse", daemon=True).start()


def _beat(descriptor: int) -> None:
    with contextlib.suppress(BrokenPipeError):  # the parent is gone, which the lifeline tells
        while True:
            with contextlib.suppress(BlockingIOError):  # it has not looked for hours: it is stopped itself
                os.write(descriptor, b".")
            time.sleep(PULSE_SECONDS)
