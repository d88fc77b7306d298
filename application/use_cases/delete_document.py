"""Deletes a document with all that was made of it."""

from dataclasses import dataclass

from application.ports.blob_store import BlobStore
from application.ports.document_store import DeletedRows
from application.ports.unit_of_work import Transactions, UnitOfWork
from domain.ids import DocumentId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionReceipt:
    """What was deleted."""

    rows: DeletedRows
    objects: int
    jobs_cancelled: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteDocument:
    """Ends running work, deletes the objects of all versions, then the rows.

    In this order no object is ever left without a document: while the store is away it stays, to be deleted again.
    """

    transactions: Transactions
    blobs: BlobStore

    def __call__(self, document_id: DocumentId) -> DeletionReceipt:
        """Return the receipt. Raises DocumentNotFound; StorageUnavailable when no more than the work was ended."""
        with self.transactions() as transaction:
            transaction.documents.lock(document_id)
            cancelled = self._end_work(transaction, document_id)
            versions = transaction.versions.after(document_id, 0)
            uploads = transaction.uploads.uncompleted(document_id)
            transaction.commit()
        for upload in uploads:
            self.blobs.multipart.abort(upload.document.object_key, upload.store_id)
        objects = sum(self.blobs.delete(version.object_key) for version in versions)
        with self.transactions() as transaction:
            transaction.documents.lock(document_id)
            cancelled += self._end_work(transaction, document_id)
            rows = transaction.documents.delete(document_id)
            transaction.commit()
        return DeletionReceipt(rows=rows, objects=objects, jobs_cancelled=cancelled)

    def _end_work(self, transaction: UnitOfWork, document_id: DocumentId) -> int:
        """Take the lease from whoever works on a version, so that nothing can be written any more."""
        locked = [transaction.jobs.lock(job_id) for job_id in transaction.jobs.unfinished(document_id)]
        unfinished = [job for job in locked if not job.is_final]
        for job in unfinished:
            transaction.jobs.save(job.cancel(now=transaction.now()))
        return len(unfinished)
