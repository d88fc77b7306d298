"""Port: every document there is, for a report."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from application.ports.document_reader import DocumentFilter
from domain.ids import DocumentId


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDocument:
    """A document with what its latest processing made of it; pages and passages are those that readers see."""

    id: DocumentId
    filename: str
    content_type: str
    size_bytes: int
    status: str
    is_searchable: bool
    pages: int | None
    passages: int | None
    language: str | None
    version: int
    external_id: str | None
    created_at: datetime
    completed_at: datetime | None
    error_code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """All of one snapshot: sums, and the documents, newest first, to be read once."""

    by_status: Mapping[str, int]
    size_bytes: int
    pages: int
    passages: int
    documents: Iterator[ListedDocument]

    @property
    def count(self) -> int:
        """How many documents there are."""
        return sum(self.by_status.values())


class InventoryReader(Protocol):
    """Reads committed state in one snapshot, some rows at a time."""

    def open(self, document_filter: DocumentFilter) -> AbstractContextManager[Inventory]:
        """Give the documents for which every condition holds. Raises DatabaseUnavailable (retryable), also later."""
        ...
