"""Embedders that are loaded when they are first needed: a process that embeds nothing never pays for a model."""

from collections import defaultdict
from collections.abc import Callable, Collection
from threading import Lock

from application.ports.embedder import Embedder
from domain.embedding_model import ModelChoice


class WarmEmbedders:
    """Implements application/ports/embedders.py over what `load` returns."""

    def __init__(self, load: Callable[[ModelChoice], Embedder]) -> None:
        self._load = load
        self._lock = Lock()
        self._loading: defaultdict[ModelChoice, Lock] = defaultdict(Lock)
        self._loaded: dict[ModelChoice, Embedder] = {}

    def get(self, choice: ModelChoice) -> Embedder:
        """Load under a lock of its own, so that whoever needs another model does not wait."""
        with self._lock:
            if found := self._loaded.get(choice):
                return found
            loading = self._loading[choice]
        with loading:
            with self._lock:
                if found := self._loaded.get(choice):
                    return found
            loaded = self._load(choice)
            with self._lock:
                self._loaded[choice] = loaded
            return loaded

    def keep_only(self, model_names: Collection[str]) -> None:
        """Forget the others."""
        with self._lock:
            self._loaded = {c: one for c, one in self._loaded.items() if one.model_name in model_names}
