"""Port: news of jobs."""

from typing import Protocol

from domain.ids import JobId


class JobChanges(Protocol):
    """One listener a process, however many wait."""

    async def wait(self, job_ids: frozenset[JobId], *, timeout_seconds: float) -> None:
        """Return soon after one of the jobs changed, or when the time is over, or for no reason: look again after it.

        A hint that can be lost, so `timeout_seconds` should be short: a second.
        """
        ...
