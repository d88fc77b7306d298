"""Deletes documents that failed long ago, where an operator wants that."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from application.ports.run_context import RunContext
from application.ports.stale_documents import StaleDocuments
from application.ports.unit_of_work import Transactions, UnitOfWork
from application.sweep import BATCH
from application.use_cases.delete_document import DeleteDocument
from domain.action import ActionStatus
from domain.cleanup import Amount, Orders, Swept
from domain.document import Document
from domain.errors import DocumentNotFound, JobNotFound, NotFailed, StorageRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteFailedDocuments:
    """`retention` None keeps them for ever. One that shows an older version that was completed is kept."""

    transactions: Transactions
    stale: StaleDocuments
    delete_document: DeleteDocument
    retention: timedelta | None

    def __call__(self, orders: Orders, context: RunContext) -> Sequence[Swept]:
        """Delete, one after the other."""
        swept, after = Swept(kind="failed_documents"), None
        if self.retention is None:
            return [swept]
        with self.transactions() as transaction:
            before = transaction.now() - self.retention
        while found := self.stale.failed(before, after=after, limit=BATCH):
            after = found[-1]
            for document_id in found:
                context.check()
                try:
                    if not orders.dry_run:
                        self.delete_document(document_id, require=_FailedBefore(before))
                except (DocumentNotFound, JobNotFound, NotFailed):
                    continue
                except StorageRefused as refused:
                    swept = swept.and_left(str(document_id), refused.detail)
                else:
                    swept = swept.and_also(str(document_id), Amount(count=1))
        return [swept]


@dataclass(frozen=True, slots=True)
class _FailedBefore:
    """Raises NotFailed where the document was processed anew since it was found."""

    before: datetime

    def __call__(self, transaction: UnitOfWork, document: Document) -> None:
        job = transaction.jobs.lock(document.job_id) if document.job_id else None
        is_over = job and job.status is ActionStatus.FAILED and job.completed_at and job.completed_at < self.before
        if not is_over:
            raise NotFailed
