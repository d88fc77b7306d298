"""Port: what an action's work may ask and tell while it runs."""

from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from domain.action import Run
from domain.report import Report


class RunContext(Protocol):
    """Lives as long as the run; kept alive by beats in the background."""

    @property
    def run(self) -> Run:
        """The fence under which everything is written."""
        ...

    def check(self) -> None:
        """Ask between pages and batches. Raises LeaseLost, RunCancelled, DeadlineExceeded or WorkerStopping."""
        ...

    def pause(self, seconds: float) -> bool:
        """Wait for something outside to come back; False once the worker must stop and there is no time to wait."""
        ...

    def report(self, report: Report) -> None:
        """Show progress, at most twice a second: what comes faster is left out. Raises LeaseLost."""
        ...

    def now(self) -> datetime:
        """Return the time for stage marks, UTC."""
        ...


class Heartbeat(Protocol):
    """Keeps runs alive."""

    def keep(self, run: Run) -> AbstractContextManager[RunContext]:
        """Beat for `run` until the context is left."""
        ...
