"""Checks documents against their objects, jobs and passages; what can be mended is processed anew."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from application.call_each import all_answers, call_each
from application.call_in_turn import call_in_turn
from application.ports.blob_store import BlobStore
from application.ports.document_audit import DocumentAudit
from application.ports.run_context import RunContext
from application.ports.unit_of_work import Transactions
from application.use_cases.process_uploaded_document import ProcessUploadedDocument
from domain.audit import Finding
from domain.cleanup import MOST_EXAMPLES
from domain.document import Document
from domain.errors import (
    BlobNotFound,
    DocumentNotFound,
    JobNotFound,
    StorageRefused,
    UploadMismatch,
    UploadMissing,
)
from domain.ids import DocumentId

# Of each, all that there is of its passages is counted.
BATCH = 100
WITHOUT_OBJECT = Finding(
    code="documents_without_object",
    sentence="Documents whose bytes are not in the object store. Their passages are kept and found.",
    count=0,
    repair=None,
    advice="Restore the objects from a backup, upload the documents again, or delete them.",
)
WITHOUT_JOB = Finding(
    code="documents_without_job",
    sentence="Documents whose job is not there: their status is lost.",
    count=0,
    repair="They are processed anew; what they show stays until that is completed.",
    advice="Where the bytes are gone too, upload the documents again, or delete them.",
)
INCOMPLETE = Finding(
    code="incomplete_passages",
    sentence="Documents that count as completed, and whose passages are not all there.",
    count=0,
    repair="They are processed anew; what they show stays until that is completed.",
    advice="Where the bytes are gone too, upload the documents again, or delete them.",
)

Listed = Callable[..., tuple[Sequence[DocumentId], DocumentId | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckDocuments:
    """Nothing that a document shows is ever taken from it here."""

    transactions: Transactions
    blobs: BlobStore
    audit: DocumentAudit
    process: ProcessUploadedDocument

    def __call__(self, *, fix: bool, context: RunContext) -> Sequence[Finding]:
        """Look for documents without job, without passages, without bytes."""
        anew = partial(self._processed_anew, fix=fix, context=context)
        findings = call_in_turn(
            (
                partial(anew, WITHOUT_JOB, self.audit.without_job),
                partial(anew, INCOMPLETE, self.audit.incomplete),
                partial(self._without_object, context),
            )
        )
        return [finding for finding in findings if finding.count]

    def _processed_anew(self, kind: Finding, listed: Listed, *, fix: bool, context: RunContext) -> Finding:
        finding, after = kind, None
        while True:
            context.check()
            found, after = listed(after=after, limit=BATCH)
            for document_id in found:
                context.check()
                repaired = fix and self._repair(document_id)
                finding = _one_more(finding, str(document_id), repaired=repaired)
            if after is None:
                return finding

    def _repair(self, document_id: DocumentId) -> bool:
        """Process the document anew; False where it cannot be, and then nothing was changed that anybody sees."""
        with self.transactions() as transaction:
            versions = transaction.versions.after(document_id, 0)
        try:
            self.process.uploaded(versions)
            self.audit.forget_job(document_id)
            self.process(document_id)
        except (BlobNotFound, DocumentNotFound, JobNotFound, StorageRefused, UploadMissing, UploadMismatch):
            return False
        return True

    def _without_object(self, context: RunContext) -> Finding:
        finding, after = WITHOUT_OBJECT, None
        while True:
            context.check()
            found, after = self.audit.processed(after=after, limit=BATCH)
            answers = all_answers(call_each(self._is_lost, found))
            lost = [document.id for document, is_lost in zip(found, answers, strict=True) if is_lost]
            for document_id in dict.fromkeys(lost):  # once, also where two versions of it are lost
                finding = _one_more(finding, str(document_id), repaired=False)
            if after is None:
                return finding

    def _is_lost(self, document: Document) -> bool:
        """Tell whether the bytes are gone and the document is not. Raises StorageUnavailable."""
        try:
            self.blobs.head(document.object_key)
        except BlobNotFound:
            with self.transactions() as transaction:
                return bool(transaction.documents.existing([document.id]))
        return False


def _one_more(finding: Finding, example: str, *, repaired: bool) -> Finding:
    return replace(
        finding,
        count=finding.count + 1,
        repaired=finding.repaired + repaired,
        examples=(*finding.examples, example)[:MOST_EXAMPLES],
    )
