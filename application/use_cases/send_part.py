"""Lets a client send a part of an upload, and see which have arrived."""

from collections.abc import Sequence
from dataclasses import dataclass

from application.ports.blob_store import BlobStore
from application.ports.presigned_request import PresignedRequest
from application.ports.unit_of_work import Transactions
from domain.ids import DocumentId, UploadId
from domain.multipart import StoredPart, Upload


@dataclass(frozen=True, slots=True, kw_only=True)
class SendPart:
    """Signs the request for one part. A part may be sent again as long as the upload is open."""

    transactions: Transactions
    blobs: BlobStore
    upload_url_seconds: int

    def __call__(self, document_id: DocumentId, upload_id: UploadId | None, number: int) -> PresignedRequest:
        """Return the request. Raises UploadNotFound, UploadExpired, UploadCompleted, InvalidRequest."""
        upload = open_upload(self.transactions, document_id, upload_id)
        return self.blobs.multipart.presign_part(
            upload.document.object_key,
            upload.store_id,
            number,
            size_bytes=upload.size_of(number),
            expires_in_seconds=self.upload_url_seconds,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ListParts:
    """Tells where to go on after a connection was lost."""

    transactions: Transactions
    blobs: BlobStore

    def __call__(self, document_id: DocumentId, upload_id: UploadId | None) -> tuple[Upload, Sequence[StoredPart]]:
        """Return the upload and what has arrived. Raises as SendPart does, and StorageUnavailable."""
        upload = open_upload(self.transactions, document_id, upload_id)
        return upload, self.blobs.multipart.parts(upload.document.object_key, upload.store_id)


def open_upload(transactions: Transactions, document_id: DocumentId, upload_id: UploadId | None) -> Upload:
    """Return an upload to which parts can be sent. Raises UploadNotFound, UploadExpired, UploadCompleted."""
    with transactions() as transaction:
        upload = transaction.uploads.find(document_id, upload_id)
        upload.require_open(now=transaction.now())
        return upload
