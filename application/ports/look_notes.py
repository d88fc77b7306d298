"""Port: what was found by looking at documents, inside a transaction."""

from collections.abc import Collection, Sequence
from typing import Protocol

from domain.document import Document
from domain.document_look import Look
from domain.extracted_page import UnreadablePage
from domain.failure import Failure
from domain.ids import DocumentId


class LookNotes(Protocol):
    """Notes belong to the bytes that were looked at, by their SHA-256, and go with their document.

    Nothing happens where the document is gone, or has outlived the bytes; with each note go those of bytes that it has.
    """

    def found(self, document: Document, checksum_sha256: str) -> bool:
        """Describe the document by the SHA-256 of its bytes, where none was promised and it was never completed.

        Tell whether that was so.
        """
        ...

    def drawn(
        self,
        document_id: DocumentId,
        checksum_sha256: str,
        *,
        page_count: int,
        tried: Collection[int],
        left_out: Sequence[UnreadablePage],
    ) -> None:
        """Note which of the pages that were tried could not be drawn; what was noted of these before is forgotten."""
        ...

    def described(self, document_id: DocumentId, checksum_sha256: str) -> None:
        """Forget that the document could not be described."""
        ...

    def failed(self, document_id: DocumentId, checksum_sha256: str, look: Look, failure: Failure) -> None:
        """Note that a look at the whole document failed."""
        ...
