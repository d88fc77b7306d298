"""Vectors of texts, from the cache or fresh, and of chunks that lack one."""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from application.ports.embedder import Embedder
from application.ports.embedding_cache import EmbeddingCache
from application.ports.run_context import RunContext
from application.ports.vector_store import Chunks, ChunkWithoutVector, VectorStore

# Enough for the encoder to sort by length, few enough that progress moves and a cancel is soon obeyed.
BATCH_CHUNKS = 32


def embed(
    texts: Mapping[bytes, str], *, embedder: Embedder, cache: EmbeddingCache
) -> tuple[Mapping[bytes, NDArray[np.float32]], AbstractSet[bytes]]:
    """Return a vector for each text by its hash, and which the cache knew. Raises EmbeddingUnavailable."""
    known = dict(cache.get(embedder.model_name, list(texts)))
    reused = set(known)
    missing = {digest: text for digest, text in texts.items() if digest not in known}
    if missing:
        fresh = dict(zip(missing, embedder.embed_passages(list(missing.values())), strict=True))
        cache.put(embedder.model_name, fresh)
        known |= fresh
    return known, reused


@dataclass(frozen=True, slots=True, kw_only=True)
class AddVectors:
    """Embeds the chunks that have no vector of a model. Safe to run twice: what is there is left out."""

    cache: EmbeddingCache
    vectors: VectorStore

    def __call__(
        self,
        chunks: Chunks,
        embedder: Embedder,
        context: RunContext,
        *,
        told: Callable[[int, int], None] = lambda _done, _reused: None,
    ) -> None:
        """Go through them once. `told` hears of each batch how many it had, and how many of them the cache knew.

        Raises LeaseLost, EmbeddingUnavailable, DatabaseUnavailable, and what `context.check` raises.
        """
        after: int | None = 0
        while after is not None:
            context.check()
            stretch = self.vectors.missing(chunks, embedder.model_name, after=after)
            after = stretch.next_after
            for start in range(0, len(stretch.found), BATCH_CHUNKS):
                batch = stretch.found[start : start + BATCH_CHUNKS]
                told(len(batch), self._add(batch, embedder, context))

    def _add(self, batch: Sequence[ChunkWithoutVector], embedder: Embedder, context: RunContext) -> int:
        """Return how many of them the cache knew."""
        context.check()
        texts = {chunk.content_hash: chunk.text for chunk in batch}
        embedded, known = embed(texts, embedder=embedder, cache=self.cache)
        context.check()
        by_key = {chunk.key: embedded[chunk.content_hash] for chunk in batch}
        self.vectors.add(context.run, embedder.model_name, by_key)
        return sum(chunk.content_hash in known for chunk in batch)
