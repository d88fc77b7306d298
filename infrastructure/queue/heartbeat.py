"""Keeps runs alive from a thread of its own, and ends the process when the work does not come back."""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from application.ports.run_context import RunContext
from application.ports.run_ledger import RunLedger
from domain.action import Run
from domain.errors import DatabaseUnavailable, DeadlineExceeded, EsteiraError, LeaseLost, RunCancelled, WorkerStopping
from domain.report import Report

log = logging.getLogger(__name__)

REPORT_INTERVAL_SECONDS = 0.5
EXIT_CODE_HUNG = 70


class Shutdown:
    """A request to stop: running work may go on until the grace period is over, then it is given back."""

    def __init__(self, grace_seconds: float) -> None:
        self._grace_seconds = grace_seconds
        self._give_back_at: float | None = None

    def request(self) -> None:
        """Begin the grace period. Safe in a signal handler."""
        self._give_back_at = time.monotonic() + self._grace_seconds

    @property
    def is_over(self) -> bool:
        """True once the grace period has passed."""
        return self._give_back_at is not None and time.monotonic() >= self._give_back_at


@dataclass(slots=True, kw_only=True)
class LiveRun:
    """Implements application/ports/run_context.py: RunContext."""

    run: Run
    ledger: RunLedger
    shutdown: Shutdown
    verdict: EsteiraError | None = None
    last_report_at: float = field(default=0.0)
    beats: int = 0

    def check(self) -> None:
        """Raise what the beat found out."""
        if self.verdict:
            raise self.verdict
        if self.shutdown.is_over:
            raise WorkerStopping

    def pause(self, seconds: float) -> bool:
        """Sleep while beats go on; False once the grace period is over."""
        if self.shutdown.is_over:
            return False
        time.sleep(seconds)
        return True

    def report(self, report: Report) -> None:
        """Write progress, at most twice a second."""
        if time.monotonic() - self.last_report_at >= REPORT_INTERVAL_SECONDS:
            self.ledger.report(self.run, report)
            self.last_report_at = time.monotonic()

    def now(self) -> datetime:
        """Return the time."""
        return datetime.now(UTC)


def end_process(run: Run) -> None:
    """End this process at once: its main thread hangs, and only a new process can work again."""
    log.critical("the work does not stop, the process ends itself", extra={"action": str(run.action_id)})
    os._exit(EXIT_CODE_HUNG)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadHeartbeat:
    """Implements application/ports/run_context.py: Heartbeat. The ledger needs a connection of its own."""

    ledger: RunLedger
    shutdown: Shutdown
    beat_seconds: float
    lease: timedelta
    hang_seconds: float
    on_hang: Callable[[Run], None] = end_process

    @contextmanager
    def keep(self, run: Run) -> Iterator[RunContext]:
        """Beat until the context is left."""
        live = LiveRun(run=run, ledger=self.ledger, shutdown=self.shutdown)
        finished = threading.Event()
        thread = _thread(f"beat-{run.action_id}", self._beat, live, finished)
        thread.start()
        _thread(f"watch-{run.action_id}", self._watch, live, thread).start()
        try:
            yield live
        finally:
            finished.set()
            thread.join()

    def _watch(self, live: LiveRun, beating: threading.Thread) -> None:
        """End the process when a beat does not come back: from a server that froze, neither answer nor error comes.

        Turns are counted, not time: a process that was stopped itself has missed no beat.
        """
        seen, silent_seconds = live.beats, 0.0
        while beating.is_alive():
            beating.join(self.beat_seconds)
            silent_seconds = silent_seconds + self.beat_seconds if live.beats == seen else 0.0
            seen = live.beats
            if silent_seconds >= self.lease.total_seconds() + self.hang_seconds:
                self.on_hang(live.run)
                return

    def _beat(self, live: LiveRun, finished: threading.Event) -> None:
        while not finished.wait(self.beat_seconds):
            try:
                if self.ledger.beat(live.run, lease=self.lease):
                    live.verdict = RunCancelled()
            except (LeaseLost, DeadlineExceeded) as verdict:
                live.verdict = verdict
            except DatabaseUnavailable:
                # The lease may outlive the outage; if it does not, the next beat says so.
                log.warning("no beat: the database does not answer", extra={"action": str(live.run.action_id)})
            except Exception:
                # Without beats the lease is lost and a hung main thread is never noticed: go on beating.
                log.exception("a beat failed", extra={"action": str(live.run.action_id)})
            live.beats += 1
            if live.verdict:
                if not finished.wait(self.hang_seconds):
                    self.on_hang(live.run)
                return


def _thread(name: str, call: Callable[..., None], *arguments: object) -> threading.Thread:
    """Return a thread whose log lines name the run as those of the thread that starts it do."""
    return threading.Thread(target=copy_context().run, args=(call, *arguments), name=name, daemon=True)
