"""An embedder that is loaded when it is first needed: a process whose queue embeds nothing never pays for a model."""

from collections.abc import Callable, Sequence
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from application.ports.embedder import Embedder


class DeferredEmbedder:
    """Implements Embedder over the one that `load` returns; the first who need it wait for each other."""

    def __init__(self, load: Callable[[], Embedder]) -> None:
        self._load = load
        self._lock = Lock()
        self._loaded: Embedder | None = None

    def warm_up(self) -> Embedder:
        """Load the model now, if it is not."""
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    @property
    def model_name(self) -> str:
        """Name under which vectors are stored and cached."""
        return self.warm_up().model_name

    @property
    def dimensions(self) -> int:
        """Length of each vector."""
        return self.warm_up().dimensions

    @property
    def max_tokens(self) -> int:
        """Most tokens of one text that the model sees."""
        return self.warm_up().max_tokens

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed texts in order."""
        return self.warm_up().embed_passages(texts)

    def embed_query(self, query: str) -> NDArray[np.float32]:
        """Embed a question."""
        return self.warm_up().embed_query(query)

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Tokenize without special tokens."""
        return self.warm_up().token_spans(text)
