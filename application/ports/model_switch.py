"""Port: which embedding model is live, inside a transaction."""

from typing import Protocol

from domain.action import Run


class ModelSwitch(Protocol):
    """Its lock is the first that a transaction takes: before document, job and action."""

    def require_live_vectors(self, run: Run) -> None:
        """Keep the live model as it is until the end. Raises ModelsChanged if the run's chunks lack a vector of it."""
        ...

    def make_live(self, run: Run) -> None:
        """Let searches that begin from now on use the model that the run prepares.

        Raises LeaseLost where it prepares none, ModelsChanged where a published chunk lacks a vector of it.
        """
        ...
