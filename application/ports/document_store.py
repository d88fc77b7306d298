"""Port: documents, inside a transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.action import Run
from domain.document import Document
from domain.ids import DocumentId, JobId, TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedRows:
    """What went with a document."""

    chunks: int = 0
    embeddings: int = 0

    def __add__(self, other: "DeletedRows") -> "DeletedRows":
        return DeletedRows(chunks=self.chunks + other.chunks, embeddings=self.embeddings + other.embeddings)


class DocumentStore(Protocol):
    """Documents of the unit of work's transaction. Readers see of each the version that is published, or the newest."""

    def add(self, document: Document) -> Document:
        """Insert; where the tenant has a document of that external id, insert as the next version of that one.

        Return it as it is stored: with the id and version it has got, a number that no version of it had before. An
        insert of the same external id by somebody else is waited for.
        """
        ...

    def add_new(self, documents: Sequence[Document]) -> Sequence[DocumentId]:
        """Insert those of whose id there is no document; return their ids."""
        ...

    def existing(self, document_ids: Sequence[DocumentId]) -> Sequence[DocumentId]:
        """Return those that exist and were not dropped. Locks nothing."""
        ...

    def attachments(self, parent_id: DocumentId) -> Sequence[DocumentId]:
        """Return the documents that were attached to this one, without theirs. Locks nothing."""
        ...

    def drop(self, attachment_ids: Sequence[DocumentId]) -> None:
        """Note of attachments of one document, which must be locked, that they are being deleted: there is no way back.

        They are there until they are deleted, but do not exist for whoever wants to keep them.
        """
        ...

    def dropped(self, parent_id: DocumentId) -> Sequence[DocumentId]:
        """Return the attachments of this document that were dropped. Locks nothing."""
        ...

    def lock(self, document_id: DocumentId) -> Document:
        """Return the document as readers see it, locked until the transaction ends. Raises DocumentNotFound."""
        ...

    def find(self, tenant_id: TenantId, external_id: str) -> Document | None:
        """Return the document of that external id, locked, as `lock` does; None where there is none."""
        ...

    def assign_job(self, document_id: DocumentId, job_id: JobId) -> None:
        """Make a job the document's latest processing."""
        ...

    def publish(self, document: Document, run: Run) -> bool:
        """Let readers and search see this version and just the rows of this run, in place of those they saw before.

        Return False where a later version is published: then nothing changes.
        """
        ...

    def shows(self, document_id: DocumentId, run: Run) -> bool:
        """Tell whether readers see what this run has made."""
        ...

    def delete(self, document_id: DocumentId) -> DeletedRows:
        """Delete the document with its versions, pages, chunks, vectors and postings. The document must be locked.

        It must have no attachments and no staged objects.
        """
        ...
