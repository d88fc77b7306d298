"""Port: the versions of documents, inside a transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.document import Document
from domain.ids import DocumentId


class VersionStore(Protocol):
    """Each version is the document as its owner described it then.

    Versions count from 1 and are never changed. The number of one that was withdrawn is never used again, so neither is
    the key of its object.
    """

    def get(self, document_id: DocumentId, version: int) -> Document:
        """Return one version. Raises DocumentNotFound."""
        ...

    def after(self, document_id: DocumentId, version: int) -> Sequence[Document]:
        """Return the versions that were announced after this one, newest first; after 0, all."""
        ...

    def announced_before(self, document_id: DocumentId, before: datetime) -> Sequence[int]:
        """Return the versions that were announced before then, newest first."""
        ...

    def withdraw(self, document: Document) -> None:
        """Forget a version that nothing was made of, unless it is the only one. The document must be locked."""
        ...
