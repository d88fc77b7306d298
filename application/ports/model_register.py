"""Port: which embedding models count. Each call is a short transaction of its own."""

from typing import Protocol

from domain.action import Run
from domain.embedding_model import EmbeddingModel, ModelsInUse


class ModelRegister(Protocol):
    """Raises DatabaseUnavailable (retryable)."""

    def in_use(self) -> ModelsInUse | None:
        """Return the models, None where nobody has used one yet."""
        ...

    def adopt(self, model: EmbeddingModel) -> ModelsInUse:
        """Make a model live unless one is; return what counts then, whoever came first. Raises ModelNotUsable."""
        ...

    def prepare(self, model: EmbeddingModel, run: Run) -> None:
        """Note that the run prepares a model; an earlier run of its action gives way. Of the live one, note the choice.

        Raises LeaseLost, ReembeddingRunning where another action prepares one, ModelNotUsable where the name is known
        with other dimensions.
        """
        ...

    def release(self, run: Run) -> None:
        """Note that the run prepares nothing any more."""
        ...
