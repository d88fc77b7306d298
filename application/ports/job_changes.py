"""Port: news of jobs."""

from collections.abc import Callable
from typing import Protocol

from domain.ids import JobId


class JobChanges(Protocol):
    """One listener a process, however many want to hear of it."""

    def tell(self, told: Callable[[JobId], None]) -> None:
        """Call `told` in the running event loop soon after a job changed, or for no reason, until that loop ends.

        A hint that can be lost: look by yourself once a second as well.
        """
        ...
