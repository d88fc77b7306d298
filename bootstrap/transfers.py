"""Wires the long operations that bring files in and take all out."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import Engine

from application.imported_files import KeepFile
from application.ports.blob_store import BlobStore
from application.ports.import_source import ImportSource
from application.ports.password_seal import PasswordSeal
from application.ports.table_archive import TableArchive
from application.ports.unit_of_work import Transactions
from application.run_action import ActionType
from application.use_cases.delete_document import DeleteDocument
from application.use_cases.export_documents import ExportDocuments
from application.use_cases.import_documents import ImportDocuments
from application.use_cases.process_uploaded_document import ProcessUploadedDocument
from application.use_cases.request_upload import RequestUpload
from bootstrap.artifacts import wire_keep_artifact
from bootstrap.callbacks import callback_rules
from bootstrap.settings import Settings
from domain.export_order import read_export
from domain.import_order import read_import
from domain.job import OPERATIONS_QUEUE
from domain.retry_policy import RetryPolicy
from infrastructure.extraction.detection import look_at_file
from infrastructure.postgres.corpus import PostgresCorpusReader
from infrastructure.storage.folder_import_source import FolderImportSource
from infrastructure.storage.zip_import_source import open_zip

IMPORT = "import"
EXPORT = "export"
# A run that was cut goes on behind what it has done, when somebody has it tried again.
TRANSFER_TIMEOUT = timedelta(hours=24)
READ_SECONDS = 30


def import_type(
    settings: Settings, transactions: Transactions, blobs: BlobStore, seal: PasswordSeal, *, scratch: Path
) -> ActionType:
    """Return how imports run."""
    request_upload = wire_request_upload(settings, transactions, blobs)
    # The relay of the worker that imports sends them, a second later at most.
    process = wire_process(settings, transactions, blobs, seal, wake_relay=lambda: None)
    handler = ImportDocuments(
        transactions=transactions,
        blobs=blobs,
        source=make_import_source(settings),
        open_zip=open_zip,
        look=look_at_file,
        keep=KeepFile(
            transactions=transactions,
            blobs=blobs,
            request_upload=request_upload,
            process_uploaded_document=process,
        ),
        process_uploaded_document=process,
        delete_document=DeleteDocument(transactions=transactions, blobs=blobs),
        max_bytes=settings.max_upload_bytes,
        scratch=scratch,
    )
    return ActionType(
        name=IMPORT,
        queue=OPERATIONS_QUEUE,
        timeout=TRANSFER_TIMEOUT,
        retry=RetryPolicy(first_delay_seconds=settings.retry_delay_seconds),
        handler=handler,
        max_attempts=settings.max_attempts,
        read_params=partial(read_import, chunk_tokens=settings.chunk_tokens),
    )


def export_type(
    settings: Settings, engine: Engine, transactions: Transactions, blobs: BlobStore, *, scratch: Path
) -> ActionType:
    """Return how exports run."""
    handler = ExportDocuments(
        corpus=PostgresCorpusReader(engine),
        open_archive=open_parquet,
        artifacts=wire_keep_artifact(settings, transactions, blobs),
        scratch=scratch,
    )
    return ActionType(
        name=EXPORT,
        queue=OPERATIONS_QUEUE,
        timeout=TRANSFER_TIMEOUT,
        retry=RetryPolicy(first_delay_seconds=settings.retry_delay_seconds),
        handler=handler,
        max_attempts=settings.max_attempts,
        read_params=read_export,
    )


def open_parquet(path: Path) -> AbstractContextManager[TableArchive]:
    """Make a file of Parquet tables."""
    # The library takes memory, which processes that export nothing need not.
    from infrastructure.parquet.parquet_archive import open_archive

    return open_archive(path)


def make_import_source(settings: Settings) -> ImportSource:
    """Return the part of the bucket that may be imported, or the folder where there is no bucket."""
    bucket = settings.import_bucket or settings.s3_bucket
    if bucket is None:
        return FolderImportSource(settings.absolute_data_dir / "import")
    # boto3 takes a third of a second to import, which those without S3 need not wait for.
    from infrastructure.storage.s3_bucket import S3Bucket
    from infrastructure.storage.s3_import_source import S3ImportSource

    named = S3Bucket(
        bucket, endpoint_url=settings.s3_endpoint_url, public_endpoint_url=None, read_timeout_seconds=READ_SECONDS
    )
    return S3ImportSource(named, root=settings.import_root)


def wire_request_upload(settings: Settings, transactions: Transactions, blobs: BlobStore) -> RequestUpload:
    """Return how documents are announced, by clients and by imports."""
    return RequestUpload(
        transactions=transactions,
        blobs=blobs,
        max_upload_bytes=settings.max_upload_bytes,
        upload_url_seconds=settings.upload_url_seconds,
        multipart_upload_seconds=settings.multipart_upload_seconds,
        chunk_tokens=settings.chunk_tokens,
        chunk_overlap=settings.chunk_overlap,
        key_lifetime=timedelta(hours=settings.idempotency_ttl_hours),
    )


def wire_process(
    settings: Settings,
    transactions: Transactions,
    blobs: BlobStore,
    seal: PasswordSeal,
    *,
    wake_relay: Callable[[], None],
) -> ProcessUploadedDocument:
    """Return how the processing of a document is started."""
    return ProcessUploadedDocument(
        transactions=transactions,
        blobs=blobs,
        seal=seal,
        wake_relay=wake_relay,
        max_attempts=settings.max_attempts,
        key_lifetime=timedelta(hours=settings.idempotency_ttl_hours),
        callbacks=callback_rules(settings),
    )
