"""Port: jobs that are about no document, inside a transaction: which run already, and which are due by schedule."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol

from domain.ids import JobId


class TaskStore(Protocol):
    """Of two transactions that ask the same, one waits until the other has ended."""

    def running(self, action_type: str, params: Mapping[str, object]) -> JobId | None:
        """Return the job with such an action that has not ended, None where there is none."""
        ...

    def take_turn(self, schedule: str, *, every: timedelta) -> bool:
        """Tell whether the schedule is due, and if so note that it has had its turn now.

        A schedule that was never heard of is due in `every` from now; one whose last turn is still to come, as the
        clock was set back since, is due.
        """
        ...
