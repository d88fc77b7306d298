"""Takes a document's description and gives a signed URL to which its bytes are sent."""

import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from application.announced_document import AnnouncedDocument, found_again, noted
from application.ports.blob_store import BlobStore
from application.ports.presigned_request import PresignedRequest
from application.ports.unit_of_work import Transactions
from domain.document import Document, clean_filename
from domain.errors import DocumentNotFound, InvalidRequest, TooLarge
from domain.idempotent_request import KEY_LIFETIME, IdempotentRequest, Made
from domain.ids import DocumentId, TenantId, UploadId, new_uuid7
from domain.multipart import MOST_BYTES_OF_ONE_PUT, Upload, part_size_for


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadRequest:
    """What a client promises. `None` for chunking means the server's defaults.

    A chunk never has more tokens than the embedding model sees, so a larger `chunk_tokens` means as many as that.
    """

    tenant_id: TenantId
    filename: str
    size_bytes: int
    content_type: str | None = None
    checksum_sha256: str | None = None
    external_id: str | None = None
    metadata: Mapping[str, str | int | float | bool | None]
    chunk_tokens: int | None = None
    chunk_overlap: int | None = None
    multipart: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestUpload:
    """Adds the document, or a version to the one with its external id, and signs its upload."""

    transactions: Transactions
    blobs: BlobStore
    max_upload_bytes: int
    upload_url_seconds: int
    multipart_upload_seconds: int
    chunk_tokens: int
    chunk_overlap: int
    key_lifetime: timedelta = KEY_LIFETIME

    def __call__(self, request: UploadRequest, *, idempotent: IdempotentRequest | None = None) -> AnnouncedDocument:
        """Return what was announced, now or by the same request before: then it is signed anew.

        Raises TooLarge, InvalidRequest, DatabaseUnavailable, RequestInFlight, IdempotencyKeyReused; for an upload in
        parts, StorageUnavailable; DocumentNotFound where it was deleted or given up meanwhile.
        """
        with self.transactions() as transaction:
            keys = transaction.idempotency_keys
            made = keys.take(idempotent, lifetime=self.key_lifetime) if idempotent else None
            if made:
                document = found_again(transaction, made.details)
            else:
                document = transaction.documents.add(self.describe(request, now=transaction.now()))
                if idempotent:
                    keys.keep(idempotent, Made(details=noted(document)))
                transaction.commit()
        upload = self.ready(document, multipart=request.multipart)
        return AnnouncedDocument(document=document, upload=upload, is_replayed=made is not None)

    def describe(self, request: UploadRequest, *, now: datetime) -> Document:
        """Return the document that the request promises. Raises TooLarge, InvalidRequest."""
        if request.size_bytes > self.max_upload_bytes:
            raise TooLarge(
                f"The file has {request.size_bytes} bytes; this server takes {self.max_upload_bytes} at most."
            )
        if request.size_bytes > MOST_BYTES_OF_ONE_PUT and not request.multipart:
            raise TooLarge("One PUT carries 5 GiB at most: presign with `multipart: true` and send the file in parts.")
        chunk_tokens, chunk_overlap = self._chunking(request)
        filename = clean_filename(request.filename)
        guessed = mimetypes.guess_type(filename)[0] or "application/octet-stream"
        return Document(
            id=DocumentId(new_uuid7()),
            tenant_id=request.tenant_id,
            filename=filename,
            content_type=request.content_type or guessed,
            size_bytes=request.size_bytes,
            checksum_sha256=request.checksum_sha256,
            external_id=request.external_id,
            metadata=request.metadata,
            chunk_tokens=chunk_tokens,
            chunk_overlap=chunk_overlap,
            created_at=now,
        )

    def ready(self, document: Document, *, multipart: bool) -> PresignedRequest | Upload:
        """Return what the client sends the bytes with. Raises as a call does."""
        return self._begun(document) or self._open(document) if multipart else self._sign(document)

    def _sign(self, document: Document) -> PresignedRequest:
        return self.blobs.presign_put(
            document.object_key,
            size_bytes=document.size_bytes,
            content_type=document.content_type,
            expires_in_seconds=self.upload_url_seconds,
        )

    def _begun(self, document: Document) -> Upload | None:
        with self.transactions() as transaction:
            return transaction.uploads.of_version(document)

    def _open(self, document: Document) -> Upload:
        store_id = self.blobs.multipart.start(document.object_key, content_type=document.content_type)
        with self.transactions() as transaction:
            upload = Upload(
                id=UploadId(new_uuid7()),
                document=document,
                store_id=store_id,
                part_size=part_size_for(document.size_bytes),
                expires_at=transaction.now() + timedelta(seconds=self.multipart_upload_seconds),
            )
            try:
                transaction.documents.lock(document.id)
                transaction.versions.get(document.id, document.version)
            except DocumentNotFound:  # deleted, or given up, by who knows its external id
                self.blobs.multipart.abort(document.object_key, store_id)
                raise
            if begun := transaction.uploads.of_version(document):  # by the same request, sent again meanwhile
                self.blobs.multipart.abort(document.object_key, store_id)
                return begun
            transaction.uploads.add(upload)
            transaction.commit()
        return upload

    def _chunking(self, request: UploadRequest) -> tuple[int, int]:
        tokens = request.chunk_tokens or self.chunk_tokens
        overlap = min(self.chunk_overlap, tokens // 2) if request.chunk_overlap is None else request.chunk_overlap
        if overlap * 2 > tokens:
            raise InvalidRequest("The overlap may be half of the chunk at most.", pointer="/chunk_overlap")
        return tokens, overlap
