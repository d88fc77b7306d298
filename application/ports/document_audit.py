"""Port: documents that do not hang together with their jobs and passages."""

from collections.abc import Sequence
from typing import Protocol

from domain.document import Document
from domain.ids import DocumentId


class DocumentAudit(Protocol):
    """Lists in order of ids, behind `after`, up to `limit`. Raises DatabaseUnavailable (retryable).

    Documents that are being processed are in the second list alone.
    """

    def without_job(self, *, after: DocumentId | None, limit: int) -> Sequence[DocumentId]:
        """Return documents whose job is not there, or that show passages and have none."""
        ...

    def processed(self, *, after: DocumentId | None, limit: int) -> Sequence[Document]:
        """Return documents that have a job, each as the version that it processes, whose object has to be there."""
        ...

    def incomplete(self, *, after: DocumentId | None, limit: int) -> Sequence[DocumentId]:
        """Return documents that show a run of which there is nothing, or chunks without vectors or postings."""
        ...

    def forget_job(self, document_id: DocumentId) -> bool:
        """Let a document have no job if the one it names is not there; tell whether that was so."""
        ...
