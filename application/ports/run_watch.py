"""Port: lets those who operate the service see what a run does."""

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from domain.action import Action


class RunWatch(Protocol):
    """Each context manager raises nothing of its own, and lets through what is raised inside."""

    def claiming(self) -> AbstractContextManager[None]:
        """Time a claim; it counts to the run that comes of it, if one does."""
        ...

    def running(self, action: Action) -> AbstractContextManager[None]:
        """Name the run on every log line written meanwhile, by whatever code, also in threads given this context."""
        ...

    def publishing(self) -> AbstractContextManager[None]:
        """Time the transaction that ends a run."""
        ...


class Unwatched:
    """Shows nothing to anybody."""

    def claiming(self) -> AbstractContextManager[None]:
        """Do nothing."""
        return nullcontext()

    def running(self, action: Action) -> AbstractContextManager[None]:  # noqa: ARG002 - a port's signature
        """Do nothing."""
        return nullcontext()

    def publishing(self) -> AbstractContextManager[None]:
        """Do nothing."""
        return nullcontext()
