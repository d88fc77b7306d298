"""Deletes a document with all that was made of it."""

from dataclasses import dataclass

from application.ports.blob_store import BlobStore
from application.ports.document_store import DeletedRows
from application.ports.unit_of_work import Transactions, UnitOfWork
from domain.document import Document
from domain.ids import DocumentId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionReceipt:
    """What was deleted."""

    rows: DeletedRows
    objects: int
    jobs_cancelled: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteDocument:
    """Ends running work, deletes the object, then the rows.

    In this order no object is ever left without a document: while the store is away it stays, to be deleted again.
    """

    transactions: Transactions
    blobs: BlobStore

    def __call__(self, document_id: DocumentId) -> DeletionReceipt:
        """Return the receipt. Raises DocumentNotFound; StorageUnavailable when no more than the work was ended."""
        with self.transactions() as transaction:
            document = transaction.documents.lock(document_id)
            cancelled = self._end_work(transaction, document)
            transaction.commit()
        objects = int(self.blobs.delete(document.object_key))
        with self.transactions() as transaction:
            cancelled += self._end_work(transaction, transaction.documents.lock(document_id))
            rows = transaction.documents.delete(document_id)
            transaction.commit()
        return DeletionReceipt(rows=rows, objects=objects, jobs_cancelled=cancelled)

    def _end_work(self, transaction: UnitOfWork, document: Document) -> int:
        """Take the lease from whoever works on it, so that nothing can be written any more."""
        if document.job_id is None:
            return 0
        job = transaction.jobs.lock(document.job_id)
        if job.is_final:
            return 0
        transaction.jobs.save(job.cancel(now=transaction.now()))
        return 1
