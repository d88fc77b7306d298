"""Duties that every process keeps up in the background: relay, reaper, reconciler."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from domain.errors import EsteiraError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """A call that is made again and again in a thread: at once when it is woken, or has said True, "there is more"."""

    name: str
    every_seconds: float
    call: Callable[[], object]
    woken: threading.Event = field(default_factory=threading.Event)

    def wake(self) -> None:
        """Do not wait for the next turn."""
        self.woken.set()


class Duties:
    """Runs duties until it is left."""

    def __init__(self, duties: Sequence[Duty]) -> None:
        self._duties = duties
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._keep, args=(d,), name=d.name, daemon=True) for d in duties]

    def __enter__(self) -> None:
        for thread in self._threads:
            thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for duty in self._duties:
            duty.wake()
        for thread in self._threads:
            thread.join()

    def _keep(self, duty: Duty) -> None:
        while not self._ended.is_set():
            try:
                if duty.call() is True:
                    continue
            except EsteiraError as error:
                log.warning("%s waits for its next turn: %s", duty.name, error.detail)
            except Exception:
                # A defect in one turn must not end the duty for the life of the process: jobs would be stuck.
                log.exception("%s failed", duty.name)
            duty.woken.wait(duty.every_seconds)
            duty.woken.clear()
