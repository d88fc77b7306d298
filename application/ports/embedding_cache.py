"""Port: vectors of texts that a model has embedded before."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class EmbeddingCache(Protocol):
    """Maps (model, SHA-256 of the text) to its vector. A hint: entries may vanish, wrong ones never appear."""

    def get(self, model_name: str, content_hashes: Sequence[bytes]) -> Mapping[bytes, NDArray[np.float32]]:
        """Return the vectors that are known. Raises DatabaseUnavailable (retryable)."""
        ...

    def put(self, model_name: str, vectors: Mapping[bytes, NDArray[np.float32]]) -> None:
        """Remember vectors; one that is there stays. Raises DatabaseUnavailable (retryable)."""
        ...
