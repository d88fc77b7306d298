"""Wires artifacts: the reports, what they are made of, and where they are kept."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine

from application.keep_artifact import KeepArtifact
from application.ports.blob_store import BlobStore
from application.ports.report_writer import ReportWriter
from application.ports.unit_of_work import Transactions
from application.reports.params import FileKind, read_artifact
from application.run_action import ActionType
from application.use_cases.make_artifact import ARTIFACT, MakeArtifact
from application.use_cases.search_chunks import SearchChunks
from bootstrap.settings import Settings
from domain.job import ARTIFACTS_QUEUE
from domain.retry_policy import RetryPolicy
from infrastructure.postgres.ingestion_reader import PostgresIngestionReader
from infrastructure.postgres.inventory_reader import PostgresInventoryReader

# The slowest, a PDF of 100,000 documents, takes minutes.
TIMEOUT = timedelta(hours=1)


# Both take a while to import, which processes that make no files need not wait for.
def load_xlsx_writer() -> ReportWriter:
    """Return what writes spreadsheets."""
    from infrastructure.artifacts.xlsx import XlsxReportWriter

    return XlsxReportWriter()


def load_pdf_writer() -> ReportWriter:
    """Return what writes printed pages."""
    from infrastructure.artifacts.pdf import PdfReportWriter

    return PdfReportWriter()


def wire_keep_artifact(settings: Settings, transactions: Transactions, blobs: BlobStore) -> KeepArtifact:
    """Return how files that runs make are kept."""
    lifetime = timedelta(hours=settings.result_ttl_hours)
    return KeepArtifact(transactions=transactions, blobs=blobs, lifetime=lifetime)


def artifact_action_type(
    settings: Settings,
    engine: Engine,
    transactions: Transactions,
    blobs: BlobStore,
    *,
    search: SearchChunks,
    scratch: Path,
) -> ActionType:
    """Return how artifacts are made."""
    handler = MakeArtifact(
        writers={FileKind.XLSX: load_xlsx_writer, FileKind.PDF: load_pdf_writer},
        inventory=PostgresInventoryReader(engine),
        ingestion=PostgresIngestionReader(engine),
        search=search,
        artifacts=wire_keep_artifact(settings, transactions, blobs),
        scratch=scratch,
    )
    return ActionType(
        name=ARTIFACT,
        queue=ARTIFACTS_QUEUE,
        timeout=TIMEOUT,
        retry=RetryPolicy(first_delay_seconds=settings.retry_delay_seconds),
        handler=handler,
        max_attempts=settings.max_attempts,
        read_params=read_artifact,
    )
