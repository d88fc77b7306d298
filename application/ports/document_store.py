"""Port: documents, inside a transaction."""

from dataclasses import dataclass
from typing import Protocol

from domain.action import Run
from domain.document import Document
from domain.ids import DocumentId, JobId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedRows:
    """What went with a document."""

    chunks: int
    embeddings: int


class DocumentStore(Protocol):
    """Documents of the unit of work's transaction. Readers see of each the version that is published, or the newest."""

    def add(self, document: Document) -> Document:
        """Insert; where the tenant has a document of that external id, insert as the next version of that one.

        Return it as it is stored: with the id and version it has got. An insert of the same external id by somebody
        else is waited for.
        """
        ...

    def lock(self, document_id: DocumentId) -> Document:
        """Return the document as readers see it, locked until the transaction ends. Raises DocumentNotFound."""
        ...

    def assign_job(self, document_id: DocumentId, job_id: JobId) -> None:
        """Make a job the document's latest processing."""
        ...

    def publish(self, document: Document, run: Run) -> None:
        """Let readers and search see this version and just the rows of this run, in place of those they saw before.

        Nothing changes where a later version is published.
        """
        ...

    def delete(self, document_id: DocumentId) -> DeletedRows:
        """Delete the document with its versions, pages, chunks, vectors and postings. The document must be locked."""
        ...
