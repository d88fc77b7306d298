"""Puts an upload together once all its parts have arrived."""

from collections.abc import Mapping
from dataclasses import dataclass

from application.ports.blob_store import BlobStore
from application.ports.unit_of_work import Transactions
from domain.errors import BlobNotFound, UploadNotFound
from domain.ids import DocumentId, UploadId
from domain.multipart import Upload


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteUpload:
    """Holds the parts against the promise, and lets the store make the object. Repeating what broke off is safe."""

    transactions: Transactions
    blobs: BlobStore

    def __call__(self, document_id: DocumentId, upload_id: UploadId | None, claimed: Mapping[int, str]) -> Upload:
        """Return the upload; `claimed` has the ETag of each part by its number.

        Raises DocumentNotFound, UploadNotFound, UploadExpired, UploadCompleted, PartsMismatch, StorageUnavailable.
        """
        with self.transactions() as transaction:
            upload = transaction.uploads.find(document_id, upload_id)
            upload.require_open(now=transaction.now())
        try:
            self._complete(upload, claimed)
        except UploadNotFound:
            # The same call came a moment before, or its answer was lost.
            if not self._is_there(upload):
                raise
        with self.transactions() as transaction:
            transaction.documents.lock(document_id)
            transaction.uploads.find(document_id, upload.id)  # unless it was given up in between
            transaction.uploads.complete(upload.id, at=transaction.now())
            transaction.commit()
        return upload

    def _complete(self, upload: Upload, claimed: Mapping[int, str]) -> None:
        key = upload.document.object_key
        parts = upload.matched(claimed, self.blobs.multipart.parts(key, upload.store_id))
        self.blobs.multipart.complete(key, upload.store_id, parts)

    def _is_there(self, upload: Upload) -> bool:
        try:
            return self.blobs.head(upload.document.object_key).size_bytes == upload.document.size_bytes
        except BlobNotFound:
            return False
