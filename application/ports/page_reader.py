"""Port: what readers see of documents beside their text: pages with their pictures, and details."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from domain.document_details import DocumentDetails
from domain.ids import DocumentId
from domain.page_picture import PagePicture, PictureSize


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedPage:
    """A page of the published text: where its characters are, and its pictures, none before they are made."""

    position: int
    number: int
    char_start: int
    char_end: int
    pictures: Mapping[PictureSize, PagePicture] = field(default_factory=dict)


class PageReader(Protocol):
    """Reads committed state: of each document, what belongs to the bytes that it shows.

    Raises DatabaseUnavailable (retryable).
    """

    def pages(self, document_id: DocumentId, *, first_page: int = 1, after: int, limit: int) -> Sequence[PublishedPage]:
        """Return pages in order, those from `first_page` on that stand behind position `after` (-1 for all).

        None of a format without pages.
        """
        ...

    def drawn(self, document_id: DocumentId, checksum_sha256: str) -> frozenset[int]:
        """Return the pages of these bytes that have pictures."""
        ...

    def details(self, document_id: DocumentId) -> DocumentDetails | None:
        """Return what the document says of itself; None before that was asked for."""
        ...
