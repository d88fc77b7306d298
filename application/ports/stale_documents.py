"""Port: documents whose time is over, as far as rows can tell; who acts on one looks again under its lock."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.ids import DocumentId, UploadId


class StaleDocuments(Protocol):
    """Lists in order of ids, behind `after`, up to `limit`. Raises DatabaseUnavailable (retryable)."""

    def expired_uploads(
        self, before: datetime, *, after: UploadId | None, limit: int
    ) -> Sequence[tuple[DocumentId, UploadId]]:
        """Return uploads in parts that were to be completed before then and were not."""
        ...

    def unprocessed(self, before: datetime, *, after: DocumentId | None, limit: int) -> Sequence[DocumentId]:
        """Return documents with a version that was announced before then, and nothing of it or later processed."""
        ...

    def failed(self, before: datetime, *, after: DocumentId | None, limit: int) -> Sequence[DocumentId]:
        """Return documents whose latest processing failed before then, and of which readers see nothing."""
        ...
