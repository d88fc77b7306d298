"""Gives up what was announced and never sent, or not to its end."""

from dataclasses import dataclass

from application.ports.blob_store import BlobStore
from application.ports.unit_of_work import Transactions, UnitOfWork
from domain.document import Document
from domain.errors import UploadCompleted, UploadNotFound
from domain.ids import DocumentId, UploadId
from domain.multipart import Upload


@dataclass(frozen=True, slots=True, kw_only=True)
class AbortUpload:
    """Drops the bytes, and the version they were for, unless it is the document's only one."""

    transactions: Transactions
    blobs: BlobStore

    def __call__(self, document_id: DocumentId, upload_id: UploadId | None) -> Upload | None:
        """Return the upload in parts that was given up; None: a version that was to come by one PUT.

        Without `upload_id` it is the newest version that is meant. Raises DocumentNotFound, UploadNotFound,
        UploadCompleted, StorageUnavailable.
        """
        with self.transactions() as transaction:
            version, upload = self._chosen(transaction, document_id, upload_id)
        if upload:
            self.blobs.multipart.abort(version.object_key, upload.store_id)
        else:
            self.blobs.delete(version.object_key)
        with self.transactions() as transaction:
            # Completed in between, or given up by somebody else; a newer version may have been announced.
            version, upload = self._chosen(transaction, document_id, upload.id if upload else None, version.version)
            if upload:
                transaction.uploads.delete(upload.id)
                # Put together a moment before the store was asked, and not noted yet: nobody may process it. Under the
                # lock, as a document's only version stays, and the same request sent again brings its bytes anew.
                self.blobs.delete(version.object_key)
            transaction.versions.withdraw(version)
            transaction.commit()
        return upload

    def _chosen(
        self, transaction: UnitOfWork, document_id: DocumentId, upload_id: UploadId | None, number: int | None = None
    ) -> tuple[Document, Upload | None]:
        document = transaction.documents.lock(document_id)
        versions = transaction.versions.after(document_id, 0)
        version = next((each for each in versions if number in {None, each.version}), None)
        upload = self._upload(transaction, document_id, upload_id)
        if version is None:
            raise UploadNotFound
        if upload and (upload_id or upload.document.version == version.version):
            if upload.completed_at:
                raise UploadCompleted
            return upload.document, upload
        processed = transaction.jobs.lock(document.job_id).document_version if document.job_id else 0
        if version.version <= processed or len(versions) == 1:
            raise UploadNotFound
        return version, None

    def _upload(self, transaction: UnitOfWork, document_id: DocumentId, upload_id: UploadId | None) -> Upload | None:
        try:
            return transaction.uploads.find(document_id, upload_id)
        except UploadNotFound:
            if upload_id:
                raise
            return None
