"""Port: all that readers see of many documents, as it was in one moment."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from domain.export_order import ExportOrder, ExportTable


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedDocument:
    """A document as readers see it."""

    document_id: UUID
    external_id: str | None
    filename: str
    content_type: str
    size_bytes: int
    checksum_sha256: str | None
    metadata: Mapping[str, object]
    status: str
    version: int
    language: str | None
    parent_document_id: UUID | None
    chunk_tokens: int
    chunk_overlap: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedChunk:
    """A published chunk."""

    chunk_id: UUID
    document_id: UUID
    position: int
    text: str
    page_start: int | None
    page_end: int | None
    char_start: int
    char_end: int
    token_count: int
    headings: Sequence[str]
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedEmbedding:
    """The vector of a published chunk by one model: float32, of unit length."""

    chunk_id: UUID
    document_id: UUID
    model: str
    vector: NDArray[np.float32]


ExportedRow = ExportedDocument | ExportedChunk | ExportedEmbedding


class Corpus(Protocol):
    """One snapshot, whatever changes meanwhile. Raises DatabaseUnavailable (retryable)."""

    def count(self, table: ExportTable) -> int:
        """Return how many rows there will be."""
        ...

    def pages(self, table: ExportTable) -> Iterator[Sequence[ExportedRow]]:
        """Yield the rows of one table, in bounded pages: documents by id, the others as they were written."""
        ...

    def dimensions(self) -> int | None:
        """Return how long all vectors are, None where models differ or there are none."""
        ...


class CorpusReader(Protocol):
    """Reads without keeping anybody from writing."""

    def snapshot(self, order: ExportOrder) -> AbstractContextManager[Corpus]:
        """Begin; what is read until the context is left is of this moment."""
        ...
