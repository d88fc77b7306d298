"""Deletes a document with all that was made of it, and with its attachments."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from application.call_each import all_answers, call_each
from application.ports.blob_store import BlobStore
from application.ports.document_store import DeletedRows
from application.ports.unit_of_work import Transactions, UnitOfWork
from domain.document import Document
from domain.errors import DocumentNotFound
from domain.ids import DocumentId
from domain.multipart import Upload


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionReceipt:
    """What was deleted."""

    rows: DeletedRows = field(default_factory=DeletedRows)
    objects: int = 0
    jobs_cancelled: int = 0

    def __add__(self, other: "DeletionReceipt") -> "DeletionReceipt":
        return DeletionReceipt(
            rows=self.rows + other.rows,
            objects=self.objects + other.objects,
            jobs_cancelled=self.jobs_cancelled + other.jobs_cancelled,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Left:
    """What has to go before a document's row can.

    `keys` are of its versions and of pictures of its pages, `staged` of attachments that never came to be.
    """

    keys: Sequence[str]
    staged: Sequence[str]
    uploads: Sequence[Upload]
    attachments: Sequence[DocumentId]
    jobs_cancelled: int

    def is_more_than(self, dealt_with: "_Left") -> bool:
        """Tell whether anything would be left behind by deleting the row now."""
        new_uploads = {upload.id for upload in self.uploads} - {upload.id for upload in dealt_with.uploads}
        return bool(self.attachments or self.staged or set(self.keys) - set(dealt_with.keys) or new_uploads)


def wanted_by_its_owner(_transaction: UnitOfWork, _document: Document) -> None:
    """Agree."""


def still_dropped(transaction: UnitOfWork, document: Document) -> None:
    """Agree to the deletion of a dropped attachment. Raises DocumentNotFound of one that was made anew since."""
    if transaction.documents.existing([document.id]):
        raise DocumentNotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteDocument:
    """Ends running work, deletes the attachments, then the objects of all versions, then the rows.

    In this order no object is ever left without a document: while the store is away it stays, to be deleted again.
    """

    transactions: Transactions
    blobs: BlobStore

    def __call__(
        self,
        document_id: DocumentId,
        *,
        require: Callable[[UnitOfWork, Document], None] = wanted_by_its_owner,
    ) -> DeletionReceipt:
        """Return the receipt. Raises DocumentNotFound; StorageUnavailable when no more than the work was ended.

        `require` is asked under the document's lock before anything is touched; what it raises keeps the document.
        """
        receipt = DeletionReceipt()
        while True:
            left = self._end_work(document_id, require)
            receipt += DeletionReceipt(jobs_cancelled=left.jobs_cancelled)
            for attachment_id in left.attachments:
                receipt += self.dropped(attachment_id)
            for upload in left.uploads:
                self.blobs.multipart.abort(upload.document.object_key, upload.store_id)
            receipt += DeletionReceipt(objects=self._delete_objects([*left.keys, *left.staged]))
            deleted = self._delete_rows(document_id, left)
            if deleted:
                return receipt + deleted

    def dropped(self, attachment_id: DocumentId) -> DeletionReceipt:
        """Delete an attachment that was dropped, unless somebody else has meanwhile. Raises StorageUnavailable."""
        try:
            return self(attachment_id, require=still_dropped)
        except DocumentNotFound:
            return DeletionReceipt()

    def _delete_objects(self, keys: Sequence[str]) -> int:
        """Return how many there were: a few at a time, as there may be hundreds of pictures."""
        return sum(all_answers(call_each(self.blobs.delete, keys)))

    def _end_work(self, document_id: DocumentId, require: Callable[[UnitOfWork, Document], None]) -> _Left:
        """Take the lease from whoever works on it, so that nothing can be written any more."""
        with self.transactions() as transaction:
            require(transaction, transaction.documents.lock(document_id))
            transaction.documents.drop(transaction.documents.attachments(document_id))
            left = _left(transaction, document_id, _cancel(transaction, document_id))
            transaction.commit()
        return left

    def _delete_rows(self, document_id: DocumentId, left: _Left) -> DeletionReceipt | None:
        """Return what was deleted, None where something was announced or made since, which would be left behind."""
        with self.transactions() as transaction:
            transaction.documents.lock(document_id)
            cancelled = _cancel(transaction, document_id)
            transaction.staged_objects.remove(left.staged)
            if _left(transaction, document_id, cancelled).is_more_than(left):
                return None
            rows = transaction.documents.delete(document_id)
            transaction.commit()
        return DeletionReceipt(rows=rows, jobs_cancelled=cancelled)


def _left(transaction: UnitOfWork, document_id: DocumentId, jobs_cancelled: int) -> _Left:
    return _Left(
        jobs_cancelled=jobs_cancelled,
        keys=[
            *(version.object_key for version in transaction.versions.after(document_id, 0)),
            *transaction.page_pictures.keys(document_id),
        ],
        staged=transaction.staged_objects.left_behind(document_id),
        uploads=transaction.uploads.uncompleted(document_id),
        attachments=transaction.documents.attachments(document_id),
    )


def _cancel(transaction: UnitOfWork, document_id: DocumentId) -> int:
    """Cancel the work on every version of a locked document."""
    locked = [transaction.jobs.lock(job_id) for job_id in transaction.jobs.unfinished(document_id)]
    unfinished = [job for job in locked if not job.is_final]
    for job in unfinished:
        transaction.jobs.save(job.cancel(now=transaction.now()))
    return len(unfinished)
