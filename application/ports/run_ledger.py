"""Port: what a run tells while it works. Each call is a short transaction of its own."""

from datetime import timedelta
from typing import Protocol

from domain.action import Run
from domain.report import Report


class RunLedger(Protocol):
    """Raises LeaseLost when the run does not own its action any more, DatabaseUnavailable when nobody can tell."""

    def beat(self, run: Run, *, lease: timedelta) -> bool:
        """Extend the lease from now; return True if the owner wants the work cancelled.

        Raises DeadlineExceeded once the action's deadline has passed.
        """
        ...

    def report(self, run: Run, report: Report) -> None:
        """Show progress to those who follow the job."""
        ...
