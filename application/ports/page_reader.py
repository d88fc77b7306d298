"""Port: what readers see of documents beside their text: pages with their pictures, and details."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from domain.document_details import DocumentDetails
from domain.document_look import KnownPages
from domain.failure import Failure
from domain.ids import DocumentId
from domain.page_picture import PagePicture, PictureSize


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedPage:
    """A page of the published text: where its characters are, and its pictures, none before they are made.

    `picture_error` says why there are none where it was tried to make them.
    """

    position: int
    number: int
    char_start: int
    char_end: int
    pictures: Mapping[PictureSize, PagePicture] = field(default_factory=dict)
    picture_error: Failure | None = None


class PageReader(Protocol):
    """Reads committed state: of each document, what belongs to the bytes that it shows.

    Raises DatabaseUnavailable (retryable).
    """

    def pages(self, document_id: DocumentId, *, first_page: int = 1, after: int, limit: int) -> Sequence[PublishedPage]:
        """Return pages in order, those from `first_page` on that stand behind position `after` (-1 for all).

        None of a format without pages.
        """
        ...

    def known(self, document_id: DocumentId) -> KnownPages:
        """Return what looks have shown of the document's pages, whether it is completed or not."""
        ...

    def details(self, document_id: DocumentId) -> DocumentDetails | None:
        """Return what the document says of itself; None before that was asked for."""
        ...

    def details_error(self, document_id: DocumentId) -> Failure | None:
        """Return why it could not be read, None where it was, or nobody has asked for it."""
        ...
