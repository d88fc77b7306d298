"""Port: documents, inside a transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.action import Run
from domain.document import Document
from domain.ids import DocumentId, JobId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedRows:
    """What went with a document."""

    chunks: int = 0
    embeddings: int = 0

    def __add__(self, other: "DeletedRows") -> "DeletedRows":
        return DeletedRows(chunks=self.chunks + other.chunks, embeddings=self.embeddings + other.embeddings)


class DocumentStore(Protocol):
    """Documents of the unit of work's transaction."""

    def add(self, document: Document) -> None:
        """Insert."""
        ...

    def add_new(self, documents: Sequence[Document]) -> Sequence[DocumentId]:
        """Insert those of whose id there is no document; return their ids."""
        ...

    def existing(self, document_ids: Sequence[DocumentId]) -> Sequence[DocumentId]:
        """Return those that exist. Locks nothing."""
        ...

    def attachments(self, parent_id: DocumentId) -> Sequence[DocumentId]:
        """Return the documents that were attached to this one, without theirs. Locks nothing."""
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
        """Delete the document with its pages, chunks, vectors and postings. The document must be locked.

        It must have no attachments and no staged objects.
        """
        ...
