"""Gives up an upload in parts."""

from dataclasses import dataclass

from application.ports.blob_store import BlobStore
from application.ports.unit_of_work import Transactions
from domain.errors import UploadCompleted
from domain.ids import DocumentId, UploadId
from domain.multipart import Upload


@dataclass(frozen=True, slots=True, kw_only=True)
class AbortUpload:
    """Drops the parts, and the version they were for, unless it is the document's only one."""

    transactions: Transactions
    blobs: BlobStore

    def __call__(self, document_id: DocumentId, upload_id: UploadId | None) -> Upload:
        """Return the upload. Raises DocumentNotFound, UploadNotFound, UploadCompleted, StorageUnavailable."""
        with self.transactions() as transaction:
            upload = transaction.uploads.find(document_id, upload_id)
        if upload.completed_at:
            raise UploadCompleted
        self.blobs.multipart.abort(upload.document.object_key, upload.store_id)
        with self.transactions() as transaction:
            transaction.documents.lock(document_id)
            # Completed in between, or given up by somebody else.
            if transaction.uploads.find(document_id, upload.id).completed_at:
                raise UploadCompleted
            transaction.uploads.delete(upload.id)
            transaction.versions.withdraw(upload.document)
            transaction.commit()
        return upload
