"""Port: which queues are paused, inside a transaction."""

from datetime import datetime
from typing import Protocol


class QueueSwitches(Protocol):
    """A paused queue starts nothing; what runs goes on. Kept with the jobs, so that a wiped Redis forgets no pause."""

    def pause(self, name: str) -> datetime:
        """Pause a queue; return since when it is, which repeating does not change. Raises QueueNotFound."""
        ...

    def resume(self, name: str) -> None:
        """Let a queue go on; safe to repeat. Raises QueueNotFound."""
        ...

    def is_paused(self, name: str) -> bool:
        """Tell if that queue is paused; one that is not known is not."""
        ...
