"""Port: the pages, chunks, vectors and terms that a run writes, invisible until the run is published."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from domain.action import Run
from domain.chunk import Chunk
from domain.ids import DocumentId


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPage:
    """A page's text at its place in the document: `position` counts from 0, `char_start` in code points."""

    position: int
    number: int | None
    char_start: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedChunk:
    """A chunk with all that search needs: its vector (unit length) and its terms in its language.

    `length` is what BM25 takes for its length: how many terms it has, each place in it counted once.
    """

    chunk: Chunk
    vector: NDArray[np.float32]
    language: str
    terms: Sequence[str]
    length: int


class PassageStore(Protocol):
    """Writes in short transactions of its own. Raises LeaseLost when `run` does not own its action any more.

    Readers see a document's rows of one run only, the published one, so what is written here shows up all at once
    when the finish transaction publishes the run. Raises DatabaseUnavailable (retryable).
    """

    def write_pages(self, run: Run, document_id: DocumentId, pages: Sequence[StoredPage]) -> None:
        """Append pages."""
        ...

    def write_chunks(self, run: Run, document_id: DocumentId, model_name: str, chunks: Sequence[IndexedChunk]) -> None:
        """Append chunks with vectors of one model."""
        ...

    def break_off(self, run: Run) -> int:
        """End what still writes for a run that is over: a stopped worker keeps its locks otherwise. Return how many."""
        ...

    def discard_unpublished(self, document_id: DocumentId) -> int:
        """Delete the rows of every run of the document that is neither published nor at work; return the chunks."""
        ...
