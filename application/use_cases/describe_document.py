"""Handles the action `metadata`: reads what a document says of itself, and keeps it."""

from dataclasses import dataclass

from application.ports.details_reader import DetailsReader
from application.ports.run_context import RunContext
from application.ports.unit_of_work import UnitOfWork
from application.run_action import Outcome
from application.shown_document import FetchShownDocument
from domain.action import Action, Run
from domain.document_look import Look
from domain.preview_order import document_of
from domain.report import Report

METADATA = Look.METADATA.value


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribeDocument:
    """`params`: document_id, as read_details_order returns them. Safe to run twice: the same is kept once."""

    fetch: FetchShownDocument
    reader: DetailsReader

    def __call__(self, action: Action, context: RunContext) -> Outcome:
        """Read. Raises DocumentUnreadable, DocumentNotFound, UploadMissing, or a retryable EsteiraError."""
        document_id = document_of(action.params)
        with self.fetch(document_id, Look.METADATA, context) as shown:
            details = self.reader.read(shown.path, filename=shown.document.filename, check=context.check)
            checksum = shown.checksum_sha256

        def publish(transaction: UnitOfWork, _run: Run) -> None:
            transaction.document_details.keep(document_id, checksum, details)
            transaction.look_notes.described(document_id, checksum)

        result = {"title": details.title, "author": details.author, "outline_entries": len(details.outline)}
        report = Report(progress=action.report.progress).advance(1.0, "The details are kept")
        return Outcome(result=result, report=report, publish=publish)

    def clean_up(self, action: Action) -> None:
        """Nothing is left behind: what a run keeps, it keeps with its end."""
