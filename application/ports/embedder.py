"""Port: the embedding model, with the tokenizer that belongs to it."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Embedder(Protocol):
    """Turns text into vectors, and counts text in the model's own tokens."""

    @property
    def model_name(self) -> str:
        """Name under which vectors are stored and cached; two models never share one."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of each vector."""
        ...

    @property
    def max_tokens(self) -> int:
        """Most tokens of a passage that the model sees, special tokens left out; what is longer is cut off."""
        ...

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed texts to be found, in order: float32, (len(texts), dimensions), unit length.

        Raises EmbeddingUnavailable (retryable).
        """
        ...

    def embed_query(self, query: str) -> NDArray[np.float32]:
        """Embed a question: float32, (dimensions,), unit length. Many models embed it other than a passage.

        Raises EmbeddingUnavailable (retryable).
        """
        ...

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Tokenize without special tokens: (start, end) of each token in code points of `text`, in order."""
        ...
