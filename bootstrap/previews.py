"""Wires what is made of a document when somebody looks at it: pictures of its pages, and its details."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine

from application.keep_page_pictures import KeepPagePictures
from application.ports.blob_store import BlobStore
from application.ports.unit_of_work import Transactions
from application.run_action import ActionType
from application.shown_document import FetchShownDocument
from application.use_cases.describe_document import METADATA, DescribeDocument
from application.use_cases.preview_pages import PREVIEW, PreviewPages
from bootstrap.settings import Settings
from domain.job import ARTIFACTS_QUEUE
from domain.preview_order import read_details_order, read_preview
from domain.retry_policy import RetryPolicy
from infrastructure.extraction.sandbox.details_reader import SandboxedDetailsReader
from infrastructure.extraction.sandbox.extractor import SandboxedExtractor
from infrastructure.extraction.sandbox.painter import SandboxedPainter
from infrastructure.postgres.page_reader import PostgresPageReader

# Two hundred pages take a minute; a large file has to come from the store first.
TIMEOUT = timedelta(hours=1)


def preview_types(
    settings: Settings,
    engine: Engine,
    transactions: Transactions,
    blobs: BlobStore,
    *,
    readers: SandboxedExtractor,
    scratch: Path,
) -> tuple[ActionType, ActionType]:
    """Return how pages are drawn, and details read."""
    fetch = FetchShownDocument(transactions=transactions, blobs=blobs, scratch=scratch)
    retry = RetryPolicy(first_delay_seconds=settings.retry_delay_seconds)
    preview = ActionType(
        name=PREVIEW,
        queue=ARTIFACTS_QUEUE,
        timeout=TIMEOUT,
        retry=retry,
        handler=PreviewPages(
            fetch=fetch,
            painter=SandboxedPainter(readers),
            reader=PostgresPageReader(engine),
            pictures=KeepPagePictures(transactions=transactions, blobs=blobs),
        ),
        max_attempts=settings.max_attempts,
        read_params=read_preview,
    )
    metadata = ActionType(
        name=METADATA,
        queue=ARTIFACTS_QUEUE,
        timeout=TIMEOUT,
        retry=retry,
        handler=DescribeDocument(fetch=fetch, reader=SandboxedDetailsReader(readers)),
        max_attempts=settings.max_attempts,
        read_params=read_details_order,
    )
    return preview, metadata
