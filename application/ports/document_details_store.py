"""Port: what documents say of themselves, inside a transaction."""

from typing import Protocol

from domain.document_details import DocumentDetails
from domain.ids import DocumentId


class DocumentDetailsStore(Protocol):
    """One of each document, for the bytes that it was read from."""

    def keep(self, document_id: DocumentId, checksum_sha256: str, details: DocumentDetails) -> None:
        """Let readers see it in place of what they saw before. Nothing happens where the document is gone."""
        ...
