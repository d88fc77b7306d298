"""Makes a document of a file on the road that clients take: its description, its bytes, then its job."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from application.ports.blob_store import BlobInfo, BlobStore
from application.ports.unit_of_work import Transactions, UnitOfWork
from application.use_cases.process_uploaded_document import ProcessUploadedDocument, UploadedVersion
from application.use_cases.request_upload import RequestUpload, UploadRequest
from domain.action import Run
from domain.document import Document
from domain.errors import BlobNotFound, DocumentNotFound
from domain.ids import DEFAULT_TENANT
from domain.import_order import ImportOrder
from domain.imported_file import IMPORT_JOB, Kept, SourceFile


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFile:
    """The version of a file that was processed last, and all that were announced."""

    document: Document
    versions: Sequence[Document]

    def kept_by(self, job_id: str) -> Kept:
        """Tell what the import of that job has made of the file: an earlier run of it may have."""
        if self.document.metadata.get(IMPORT_JOB) != job_id:
            return Kept.UNCHANGED
        return first_or_later(self.versions, job_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepFile:
    """Safe to run twice, also at once: a file is one document, and a run that lost its action starts no processing.

    A version that another run had begun is left as it is and a new one made: two runs never write to one object.
    """

    transactions: Transactions
    blobs: BlobStore
    request_upload: RequestUpload
    process_uploaded_document: ProcessUploadedDocument

    def known(self, name: str) -> KnownFile | None:
        """Return the file as it was processed last, None where it never was."""
        with self.transactions() as transaction:
            document = transaction.documents.find(DEFAULT_TENANT, name)
            if document is None or document.job_id is None:
                return None
            processed = transaction.jobs.lock(document.job_id).document_version
            if document.version != processed:
                document = transaction.versions.get(document.id, processed)
            return KnownFile(document=document, versions=transaction.versions.after(document.id, 0))

    def has_etag(self, known: KnownFile, file: SourceFile) -> bool:
        """Tell whether the store's own etag says that the bytes are the same. Raises StorageUnavailable."""
        if file.etag is None or file.size_bytes != known.document.size_bytes:
            return False
        try:
            return self.blobs.head(known.document.object_key).etag == file.etag
        except BlobNotFound:
            return False

    def __call__(self, path: Path, name: str, checksum: str, *, order: ImportOrder, job_id: str, run: Run) -> Kept:
        """Make the document, or its next version. Raises TooLarge, LeaseLost, DocumentNotFound, StorageUnavailable."""
        request = UploadRequest(
            tenant_id=DEFAULT_TENANT,
            filename=name,
            size_bytes=path.stat().st_size,
            checksum_sha256=checksum,
            external_id=name,
            metadata={**order.metadata, IMPORT_JOB: job_id},
            chunk_tokens=order.chunk_tokens,
            chunk_overlap=order.chunk_overlap,
        )
        with self.transactions() as transaction:
            document = transaction.documents.add(self.request_upload.describe(request, now=transaction.now()))
            versions = transaction.versions.after(document.id, 0)
            _require(transaction, run)
            transaction.commit()
        etag = self.blobs.upload(document.object_key, path, content_type=document.content_type)
        info = BlobInfo(size_bytes=document.size_bytes, content_type=document.content_type, etag=etag)
        self._process(UploadedVersion(document=document, info=info), run)
        return first_or_later(versions, job_id)

    def _process(self, uploaded: UploadedVersion, run: Run) -> None:
        try:
            with self.transactions() as transaction:
                self.process_uploaded_document.enqueue(transaction, uploaded)
                _require(transaction, run)
                transaction.commit()
        except DocumentNotFound:  # deleted by who knows its external id
            self.blobs.delete(uploaded.document.object_key)
            raise


def first_or_later(versions: Sequence[Document], job_id: str) -> Kept:
    """Tell a new document, all of whose versions are of this import, from one that was there before."""
    is_new = all(version.metadata.get(IMPORT_JOB) == job_id for version in versions)
    return Kept.IMPORTED if is_new else Kept.UPDATED


def _require(transaction: UnitOfWork, run: Run) -> None:
    transaction.jobs.lock_of(run.action_id).action(run.action_id).require(run)
