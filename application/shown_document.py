"""Fetches the bytes that a document shows, for work that is not its processing."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from application.ports.blob_store import BlobStore
from application.ports.run_context import RunContext
from application.ports.unit_of_work import Transactions
from application.wanted_run import require_wanted
from domain.action import Run
from domain.document import Document
from domain.document_look import Look
from domain.errors import BlobNotFound, UploadMissing
from domain.failure import DocumentUnreadable, Failure, FailureCode
from domain.ids import DocumentId


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownDocument:
    """The bytes at `path`; its folder is there for what is made of them, and goes with it."""

    document: Document
    path: Path
    checksum_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchShownDocument:
    """The version that readers see; before the first is completed, the newest.

    That its bytes cannot be read is noted, so that readers know it and do not ask at each look.
    """

    transactions: Transactions
    blobs: BlobStore
    scratch: Path

    @contextmanager
    def __call__(self, document_id: DocumentId, look: Look, context: RunContext) -> Iterator[ShownDocument]:
        """Download. What the work in its body raises as DocumentUnreadable is noted, and goes on.

        Raises DocumentNotFound, LeaseLost, UploadMissing, DocumentUnreadable where the bytes are others than those that
        were processed, StorageUnavailable, DatabaseUnavailable, or as `context.check` does.
        """
        with self.transactions() as transaction:
            document = transaction.documents.lock(document_id)
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            path = Path(folder) / "original"
            checksum = self._download(document, path, context.check)
            shown = ShownDocument(document=self._known(document, checksum), path=path, checksum_sha256=checksum)
            try:
                yield shown
            except DocumentUnreadable as unreadable:
                self._note(shown, look, Failure.from_error(unreadable), context.run)
                raise

    def _download(self, document: Document, path: Path, check: Callable[[], None]) -> str:
        """Return the SHA-256."""
        try:
            etag = self.blobs.head(document.object_key).etag
            return self.blobs.download(document.object_key, path, etag=etag, check=check)
        except BlobNotFound as missing:
            raise UploadMissing from missing

    def _known(self, document: Document, checksum: str) -> Document:
        """Return the document with its checksum: until it is completed, one that was not promised is known by a look.

        Raises DocumentUnreadable.
        """
        if document.checksum_sha256 == checksum:
            return document
        with self.transactions() as transaction:
            is_found = transaction.look_notes.found(document, checksum)
            transaction.commit()
        if document.checksum_sha256 and not is_found:
            raise DocumentUnreadable(FailureCode.UPLOAD_MISMATCH)
        return replace(document, checksum_sha256=checksum)

    def _note(self, shown: ShownDocument, look: Look, failure: Failure, run: Run) -> None:
        with self.transactions() as transaction:
            require_wanted(transaction, shown.document.id, run)
            transaction.look_notes.failed(shown.document.id, shown.checksum_sha256, look, failure)
            transaction.commit()
