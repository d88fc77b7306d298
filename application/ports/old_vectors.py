"""Port: vectors of models that nobody uses any more."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.cleanup import Amount


class OldVectors(Protocol):
    """Raises DatabaseUnavailable (retryable)."""

    def models(self, before: datetime) -> Sequence[str]:
        """Return the models that are neither live nor in preparation, and were not after that time."""
        ...

    def count(self, model_name: str) -> Amount:
        """Tell how many vectors a model has."""
        ...

    def drop(self, model_name: str, *, after: int, limit: int) -> tuple[Amount, int | None]:
        """Delete up to `limit`, in order of their chunks, behind `after`; return where the next stretch begins.

        Nothing is deleted, and there is no next stretch, of a model that is used again.
        """
        ...

    def drop_index(self, model_name: str) -> bool:
        """Drop the model's index unless it is used again; False where it is in use at this moment."""
        ...
