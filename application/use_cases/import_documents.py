"""Handles the action `import`: files that are there already become documents, each of which is processed."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from application.imported_files import KeepFile
from application.importing import Importing
from application.ports.blob_store import BlobStore
from application.ports.import_source import ImportSource, LookAtFile, OpenZip
from application.ports.run_context import RunContext
from application.ports.unit_of_work import Transactions, UnitOfWork
from application.run_action import Outcome
from application.use_cases.delete_document import DeleteDocument
from application.use_cases.process_uploaded_document import ProcessUploadedDocument
from domain.action import Action, ActionStatus
from domain.document import Document
from domain.errors import DocumentNotFound, EsteiraError, NothingToImport
from domain.ids import DocumentId
from domain.import_order import ImportOrder
from domain.imported_file import ImportTally
from domain.report import Report


class _DocumentOfItsOwn(EsteiraError):
    """The ZIP was processed for itself: it stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportDocuments:
    """A run after another finds what that has done by the files' names and bytes, and goes on behind it."""

    transactions: Transactions
    blobs: BlobStore
    source: ImportSource
    open_zip: OpenZip
    look: LookAtFile
    keep: KeepFile
    process_uploaded_document: ProcessUploadedDocument
    delete_document: DeleteDocument
    max_bytes: int
    scratch: Path

    def __call__(self, action: Action, context: RunContext) -> Outcome:
        """Import, and tell what became of the files. Raises NothingToImport, DocumentUnreadable, UploadMissing."""
        order = ImportOrder.of(action.params)
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            importing = Importing(
                keep=self.keep,
                open_zip=self.open_zip,
                look=self.look,
                max_bytes=self.max_bytes,
                folder=Path(folder),
                order=order,
                job_id=str(action.job_id),
                context=context,
                report=Report(progress=action.report.progress),
            )
            if order.document_id:
                self._uploaded_zip(order.document_id, importing)
            else:
                importing.from_source(self.source, order.prefix)
        if not importing.tally.files:
            raise NothingToImport
        return Outcome(result=result_of(importing.tally, str(action.job_id)), report=importing.report)

    def clean_up(self, action: Action) -> None:
        """Delete the ZIP that was uploaded for this import alone, once it is done."""
        document_id = ImportOrder.of(action.params).document_id
        with self.transactions() as transaction:
            ended = transaction.jobs.lock_of(action.id).action(action.id)
        if document_id is None or ended.status is not ActionStatus.COMPLETED:
            return
        try:
            self.delete_document(document_id, require=_never_processed)
        except (DocumentNotFound, _DocumentOfItsOwn):
            return

    def _uploaded_zip(self, document_id: DocumentId, importing: Importing) -> None:
        with self.transactions() as transaction:
            versions = self.process_uploaded_document.candidates(transaction, document_id)
        uploaded = self.process_uploaded_document.uploaded(versions)
        path = importing.folder / "archive"
        document = uploaded.document
        self.blobs.download(document.object_key, path, etag=uploaded.info.etag, check=importing.context.check)
        importing.from_zip(path, document.external_id or document.filename)


def result_of(tally: ImportTally, job_id: str) -> dict[str, object]:
    """Return what clients read."""
    return {
        "files": tally.files,
        "imported": tally.imported,
        "updated": tally.updated,
        "unchanged": tally.unchanged,
        "failed_count": tally.failed,
        "failed": [{"name": file.name, "code": file.code} for file in tally.failures],
        "documents_path": f"/api/v1/documents?import_job={job_id}",
    }


def _never_processed(_transaction: UnitOfWork, document: Document) -> None:
    if document.job_id is not None:
        raise _DocumentOfItsOwn
