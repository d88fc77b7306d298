"""Port: uploads in parts, inside a transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.document import Document
from domain.ids import DocumentId, UploadId
from domain.multipart import Upload


class UploadStore(Protocol):
    """Which uploads in parts were begun for which version of a document."""

    def add(self, upload: Upload) -> None:
        """Insert."""
        ...

    def find(self, document_id: DocumentId, upload_id: UploadId | None) -> Upload:
        """Return the upload of that id, None: the newest. Raises UploadNotFound."""
        ...

    def of_version(self, document: Document) -> Upload | None:
        """Return the newest upload of this version, None where none was begun, or the last was aborted."""
        ...

    def uncompleted(self, document_id: DocumentId) -> Sequence[Upload]:
        """Return the uploads that were neither completed nor aborted."""
        ...

    def complete(self, upload_id: UploadId, *, at: datetime) -> None:
        """Note that the object is there."""
        ...

    def delete(self, upload_id: UploadId) -> None:
        """Forget an upload."""
        ...
