"""Port: embedding models, loaded when they are first needed."""

from collections.abc import Collection
from typing import Protocol

from application.ports.embedder import Embedder
from domain.embedding_model import ModelChoice


class Embedders(Protocol):
    """Keeps what it has loaded. Threads may share it: those that need the same model first wait for each other."""

    def get(self, choice: ModelChoice) -> Embedder:
        """Return the embedder, loading it if needed: seconds, or a download. Raises ModelNotUsable."""
        ...

    def keep_only(self, model_names: Collection[str]) -> None:
        """Let go of all others that are loaded; who has one in hand goes on with it."""
        ...
