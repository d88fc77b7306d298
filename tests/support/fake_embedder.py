"""An embedder that needs no model: a text's vector is made of the hashes of its words."""

import hashlib
import re
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

WORD = re.compile(r"\w+|[^\w\s]")


class FakeEmbedder:
    """Deterministic: texts that share words are near each other, and a token is a word or a punctuation mark."""

    def __init__(self, *, dimensions: int = 64, max_tokens: int = 254, model_name: str = "fake") -> None:
        self.model_name = model_name
        self.dimensions = dimensions
        self.max_tokens = max_tokens

    def embed_query(self, query: str) -> NDArray[np.float32]:
        return self.embed_passages([query])[0]

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in enumerate(texts):
            vectors[row, 0] = 0.01  # so that a text without words has a direction too
            for start, end in self.token_spans(text)[: self.max_tokens]:
                digest = hashlib.blake2b(text[start:end].casefold().encode("utf-8", "replace"), digest_size=8).digest()
                slot, sign = int.from_bytes(digest[:4]) % self.dimensions, 1 if digest[4] % 2 else -1
                vectors[row, slot] += sign
            if not vectors[row].any():
                vectors[row, 0] = 0.01
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        return [match.span() for match in WORD.finditer(text)]


class OtherEmbedder(FakeEmbedder):
    """Another model: other dimensions, and other directions for the same words. `before` is called with each batch."""

    def __init__(self, *, model_name: str = "other", before: Callable[[], None] = lambda: None) -> None:
        super().__init__(dimensions=48, model_name=model_name)
        self.before = before

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.before()
        return super().embed_passages([WORD.sub(lambda word: word[0] + "~", text) for text in texts])
