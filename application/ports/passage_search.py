"""Port: finds published passages by meaning and by words."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from domain.chunk import Chunk
from domain.ids import ChunkId, DocumentId, TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageFilter:
    """Which documents are searched: every condition must hold; `metadata` values must be equal.

    `keys` are the chunks to which the search is confined, up to a few thousand; None is all.
    """

    tenant_id: TenantId
    document_ids: Sequence[DocumentId] | None = None
    metadata: Mapping[str, object] = field(default_factory=dict)
    keys: Sequence[int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A chunk as found, with its document. `neighbours`, if asked for, are the chunks before and after it, in order."""

    key: int
    chunk_id: ChunkId
    document_id: DocumentId
    filename: str
    external_id: str | None
    metadata: Mapping[str, object]
    language: str
    chunk: Chunk
    neighbours: Sequence[Chunk] = ()


class PassageSearch(Protocol):
    """Searches the published chunks of one model. Raises DatabaseUnavailable (retryable)."""

    def at_one_moment(self) -> AbstractContextManager["PassageSearch"]:
        """Give a search, for one thread, to which what is replaced or deleted meanwhile is still there."""
        ...

    def languages(self) -> Sequence[str]:
        """Return every language that stored chunks have: the ones for which `keyword` needs terms."""
        ...

    def semantic(
        self, model_name: str, vector: NDArray[np.float32], passage_filter: PassageFilter, *, pool: int
    ) -> Mapping[int, float]:
        """Return the nearest `pool` chunks by key with their cosine (-1 to 1), also under narrow filters."""
        ...

    def keyword(
        self, terms: Mapping[str, Sequence[str]], passage_filter: PassageFilter, *, pool: int
    ) -> Mapping[int, float]:
        """Return the best `pool` chunks by key with their BM25 score (k1 0.9, b 0.4), for terms by language."""
        ...

    def holding(self, terms: Mapping[str, Sequence[str]], passage_filter: PassageFilter) -> Iterator[Mapping[int, str]]:
        """Yield all chunks that have every one of the terms of their language: texts by key, best BM25 score first.

        They come some at a time, so that who has enough can stop. Chunks of a language for which there is an empty list
        come last; those of other languages not at all.
        """
        ...

    def cosines(self, model_name: str, vector: NDArray[np.float32], keys: Sequence[int]) -> Mapping[int, float]:
        """Return the exact cosine of given chunks."""
        ...

    def passages(self, keys: Sequence[int], *, neighbours: int = 0) -> Sequence[Passage]:
        """Load passages, in the order of `keys`; those deleted meanwhile are left out.

        Each comes with up to `neighbours` chunks of its document on either side.
        """
        ...
