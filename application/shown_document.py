"""Fetches the bytes that a document shows, for work that is not its processing."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from application.ports.blob_store import BlobStore
from application.ports.unit_of_work import Transactions
from domain.document import Document
from domain.errors import BlobNotFound, UploadMissing
from domain.failure import DocumentUnreadable, FailureCode
from domain.ids import DocumentId


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDocument:
    """The bytes at `path`; its folder is there for what is made of them, and goes with it."""

    document: Document
    path: Path
    checksum_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchShownDocument:
    """The version that readers see; before the first is completed, the newest."""

    transactions: Transactions
    blobs: BlobStore
    scratch: Path

    @contextmanager
    def __call__(self, document_id: DocumentId, check: Callable[[], None]) -> Iterator[ShownDocument]:
        """Download.

        Raises DocumentNotFound, UploadMissing, DocumentUnreadable where the bytes are others than those that were
        processed, StorageUnavailable, or as `check` does.
        """
        with self.transactions() as transaction:
            document = transaction.documents.lock(document_id)
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            path = Path(folder) / "original"
            try:
                etag = self.blobs.head(document.object_key).etag
                checksum = self.blobs.download(document.object_key, path, etag=etag, check=check)
            except BlobNotFound as missing:
                raise UploadMissing from missing
            if document.checksum_sha256 not in {None, checksum}:
                raise DocumentUnreadable(FailureCode.UPLOAD_MISMATCH)
            yield ShownDocument(document=document, path=path, checksum_sha256=checksum)
