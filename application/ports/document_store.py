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
    """Documents of the unit of work's transaction."""

    def add(self, document: Document) -> None:
        """Insert."""
        ...

    def lock(self, document_id: DocumentId) -> Document:
        """Return the document, locked until the transaction ends. Raises DocumentNotFound."""
        ...

    def assign_job(self, document_id: DocumentId, job_id: JobId) -> None:
        """Make a job the document's latest processing."""
        ...

    def publish(self, document_id: DocumentId, run: Run) -> None:
        """Let readers and search see just the rows of this run, in place of those they saw before."""
        ...

    def delete(self, document_id: DocumentId) -> DeletedRows:
        """Delete the document with its pages, chunks, vectors and postings. The document must be locked."""
        ...
