"""Removes what was announced and never sent: uploads in parts, versions, and documents that have nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from application.ports.blob_store import BlobStore
from application.ports.run_context import RunContext
from application.ports.stale_documents import StaleDocuments
from application.ports.unit_of_work import Transactions, UnitOfWork
from application.sweep import BATCH
from domain.cleanup import Amount, Orders, Swept
from domain.document import Document
from domain.errors import BlobNotFound, DocumentNotFound, JobNotFound, StorageRefused, UploadNotFound
from domain.ids import DocumentId, UploadId
from domain.multipart import Upload


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireUploads:
    """A version whose bytes are in the store is kept: its owner may still ask for processing.

    Rows go first, then what is in the store for them: the other way round a document could be processed in between,
    whose bytes are gone. What a crash leaves in the store is nobody's then, and is swept as such.
    """

    transactions: Transactions
    blobs: BlobStore
    stale: StaleDocuments
    upload_window: timedelta
    margin: timedelta

    def __call__(self, orders: Orders, context: RunContext) -> Sequence[Swept]:
        """Expire uploads in parts first: an open one keeps its version."""
        with self.transactions() as transaction:
            now = transaction.now()
        uploads = self._uploads(now - self.margin, orders, context)
        return uploads, *self._documents(now - self.upload_window - self.margin, orders, context)

    def _uploads(self, before: datetime, orders: Orders, context: RunContext) -> Swept:
        swept, after = Swept(kind="expired_uploads"), None
        while found := self.stale.expired_uploads(before, after=after, limit=BATCH):
            after = found[-1][1]
            for document_id, upload_id in found:
                context.check()
                if upload := self._forget_upload(document_id, upload_id, before, orders):
                    try:
                        swept = swept.and_also(str(upload_id), self._drop_parts(upload, orders))
                    except StorageRefused as refused:
                        swept = swept.and_left(str(upload_id), refused.detail)
        return swept

    def _forget_upload(
        self, document_id: DocumentId, upload_id: UploadId, before: datetime, orders: Orders
    ) -> Upload | None:
        with self.transactions() as transaction:
            try:
                transaction.documents.lock(document_id)
                upload = transaction.uploads.find(document_id, upload_id)
            except (DocumentNotFound, UploadNotFound):
                return None
            if upload.completed_at or upload.expires_at >= before:
                return None
            if not orders.dry_run:
                transaction.uploads.delete(upload_id)
                transaction.commit()
            return upload

    def _drop_parts(self, upload: Upload, orders: Orders) -> Amount:
        key = upload.document.object_key
        try:
            parts = self.blobs.multipart.parts(key, upload.store_id)
        except UploadNotFound:
            return Amount(count=1)
        if not orders.dry_run:
            self.blobs.multipart.abort(key, upload.store_id)
        return Amount(count=1, size_bytes=sum(part.size_bytes for part in parts))

    def _documents(self, before: datetime, orders: Orders, context: RunContext) -> Sequence[Swept]:
        documents, versions, waiting, after = Swept(kind="expired_documents"), Swept(kind="expired_versions"), 0, None
        while found := self.stale.unprocessed(before, after=after, limit=BATCH):
            after = found[-1]
            for document_id in found:
                context.check()
                with self.transactions() as transaction:
                    suspects, _ = self._expired(transaction, document_id, before)
                absent = [version for version in suspects if not self._is_stored(version)]
                waiting += len(suspects) - len(absent)
                dropped, whole = self._drop(document_id, {each.version for each in absent}, before, orders)
                if whole:
                    documents = documents.and_also(str(document_id), Amount(count=1))
                elif dropped:
                    versions = versions.and_also(f"{document_id} {dropped}", Amount(count=len(dropped)))
        note = f"{waiting} uploaded, but nobody has asked for processing: kept" if waiting else None
        return Swept(
            kind="expired_documents", amount=documents.amount, examples=documents.examples, note=note
        ), versions

    def _drop(
        self, document_id: DocumentId, absent: set[int], before: datetime, orders: Orders
    ) -> tuple[list[int], bool]:
        """Delete these versions, as far as they are expired still; return them, and whether the document went too."""
        if not absent:
            return [], False
        with self.transactions() as transaction:
            expired, is_processed = self._expired(transaction, document_id, before)
            going = [version for version in expired if version.version in absent]
            whole = not is_processed and len(going) == len(transaction.versions.after(document_id, 0)) > 0
            if not orders.dry_run:
                if whole:
                    transaction.documents.delete(document_id)
                else:
                    for version in going:
                        transaction.versions.withdraw(version)
                transaction.commit()
        if not orders.dry_run:
            for version in going:
                self.blobs.delete(version.object_key)  # one that came between the look and the end of its row
        return [version.version for version in going], whole

    def _expired(
        self, transaction: UnitOfWork, document_id: DocumentId, before: datetime
    ) -> tuple[list[Document], bool]:
        """Lock the document; return its versions that can be expired, and whether it was ever processed."""
        try:
            document = transaction.documents.lock(document_id)
            processed = transaction.jobs.lock(document.job_id).document_version if document.job_id else 0
        except (DocumentNotFound, JobNotFound):
            return [], True
        old = set(transaction.versions.announced_before(document_id, before))
        open_ones = {upload.document.version for upload in transaction.uploads.uncompleted(document_id)}
        after = transaction.versions.after(document_id, processed)
        return [each for each in after if each.version in old - open_ones], processed > 0

    def _is_stored(self, version: Document) -> bool:
        try:
            self.blobs.head(version.object_key)
        except BlobNotFound:
            return False
        return True
