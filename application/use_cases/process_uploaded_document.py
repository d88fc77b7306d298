"""Checks that the promised bytes are in the store, and enqueues the work. No more: a worker does the rest."""

from collections.abc import Callable
from dataclasses import dataclass

from application.ports.blob_store import BlobInfo, BlobStore
from application.ports.unit_of_work import Transactions, UnitOfWork
from domain.document import Document
from domain.errors import BlobNotFound, UploadMismatch, UploadMissing
from domain.ids import DocumentId
from domain.job import Job, new_index_job


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessUploadedDocument:
    """Starts the processing of a document, or points to the one that is running."""

    transactions: Transactions
    blobs: BlobStore
    wake_relay: Callable[[], None]
    max_attempts: int

    def __call__(self, document_id: DocumentId) -> Job:
        """Return the job, new or running.

        Raises DocumentNotFound, UploadMissing, UploadMismatch, StorageUnavailable.
        """
        with self.transactions() as transaction:
            document = transaction.documents.lock(document_id)
        info = self.uploaded(document)
        with self.transactions() as transaction:
            job = self.enqueue(transaction, document_id, info)
            transaction.commit()
        self.wake_relay()
        return job

    def uploaded(self, document: Document) -> BlobInfo:
        """Return what is stored, once it is what was promised. Raises as the call does."""
        try:
            info = self.blobs.head(document.object_key)
        except BlobNotFound as missing:
            raise UploadMissing from missing
        if info.size_bytes != document.size_bytes:
            raise UploadMismatch(f"{document.size_bytes} bytes were promised, {info.size_bytes} were uploaded.")
        if info.content_type != document.content_type:
            raise UploadMismatch(f"{document.content_type} was promised, {info.content_type} was uploaded.")
        return info

    def enqueue(self, transaction: UnitOfWork, document_id: DocumentId, info: BlobInfo) -> Job:
        """Add a job in this transaction, or return the one that is running. Raises DocumentNotFound."""
        document = transaction.documents.lock(document_id)
        latest = transaction.jobs.lock(document.job_id) if document.job_id else None
        if latest and not latest.is_final:
            return latest
        job = new_index_job(
            document_id=document_id,
            tenant_id=document.tenant_id,
            etag=info.etag,
            max_attempts=self.max_attempts,
            now=transaction.now(),
            previous=latest,
        )
        transaction.jobs.add(job)
        transaction.documents.assign_job(document_id, job.id)
        return job
