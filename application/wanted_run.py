"""Whether what a run makes of a document is still wanted."""

from application.ports.unit_of_work import UnitOfWork
from domain.action import Run
from domain.errors import JobNotFound, LeaseLost
from domain.ids import DocumentId


def require_wanted(transaction: UnitOfWork, document_id: DocumentId, run: Run) -> None:
    """Lock both. Raises DocumentNotFound, or LeaseLost where the run has its action no more."""
    transaction.documents.lock(document_id)
    try:
        transaction.jobs.lock_of(run.action_id).action(run.action_id).require(run)
    except JobNotFound as error:
        raise LeaseLost from error
