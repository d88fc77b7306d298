"""Port: documents that do not hang together with their jobs and passages."""

from collections.abc import Sequence
from typing import Protocol

from domain.document import Document
from domain.ids import DocumentId


class DocumentAudit(Protocol):
    """Lists by stretches in order of ids, behind `after`; returns also where the next one begins, None at the end.

    Raises DatabaseUnavailable (retryable). Documents that are being processed are in the second list alone.
    """

    def without_job(self, *, after: DocumentId | None, limit: int) -> tuple[Sequence[DocumentId], DocumentId | None]:
        """Return up to `limit` documents whose job is not there, or that show passages and have none."""
        ...

    def processed(self, *, after: DocumentId | None, limit: int) -> tuple[Sequence[Document], DocumentId | None]:
        """Look at up to `limit` documents that have a job; return each as the versions whose objects have to be there.

        That is the one that it processes, and the one that readers see where that is another.
        """
        ...

    def incomplete(self, *, after: DocumentId | None, limit: int) -> tuple[Sequence[DocumentId], DocumentId | None]:
        """Look at up to `limit` documents; return those of whose shown run pages, chunks, vectors or postings lack.

        What lacks is told by gaps, by chunks behind the last page, and by the run's own result, as long as it is kept.
        One that was completed and shows no run is among them.
        """
        ...

    def forget_job(self, document_id: DocumentId) -> bool:
        """Let a document have no job if the one it names is not there; tell whether that was so."""
        ...
