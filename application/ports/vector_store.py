"""Port: vectors of chunks that are there, of one more model."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from domain.action import Run
from domain.ids import DocumentId


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedChunks:
    """The chunks that readers see, of all tenants: every condition must hold; `metadata` values must be equal."""

    document_ids: Sequence[DocumentId] | None = None
    metadata: Mapping[str, object] = field(default_factory=dict)

    @property
    def is_everything(self) -> bool:
        """True where nothing is left out."""
        return self.document_ids is None and not self.metadata


# Those that readers see, or those that a run has written.
Chunks = PublishedChunks | Run


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkWithoutVector:
    """A chunk by its key, and its text."""

    key: int
    content_hash: bytes
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkCounts:
    """How many chunks there are, how many lack a vector, and the tokens of the longest, counted when it was cut."""

    total: int
    missing: int
    longest_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """What was found in a stretch of keys, in their order; `next_after` is where the next begins, None at the end."""

    found: Sequence[ChunkWithoutVector]
    next_after: int | None


class VectorStore(Protocol):
    """Raises DatabaseUnavailable (retryable)."""

    def count(self, chunks: Chunks, model_name: str) -> ChunkCounts:
        """Count."""
        ...

    def missing(self, chunks: Chunks, model_name: str, *, after: int) -> Stretch:
        """Look at a stretch of keys behind `after` for chunks without a vector of the model."""
        ...

    def add(self, run: Run, model_name: str, vectors: Mapping[int, NDArray[np.float32]]) -> None:
        """Write vectors by key; one that is there stays, and chunks that are gone are left out. Raises LeaseLost."""
        ...

    def build_index(self, run: Run, model_name: str, *, check: Callable[[], None]) -> None:
        """Make the model's index where there is none, beside all reading and writing; it may take hours.

        `check` is called meanwhile; what it raises stops the building. Raises LeaseLost.
        """
        ...

    def break_off(self, run: Run) -> int:
        """End what still writes for a run that is over; return how many."""
        ...
