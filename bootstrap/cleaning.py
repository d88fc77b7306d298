"""Wires cleanup: its sweeps, its schedule, and the ways to start it."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from sqlalchemy import Engine

from application.ports.blob_store import BlobStore
from application.ports.history import Record
from application.ports.unit_of_work import Transactions
from application.run_action import ActionType
from application.sweep import Sweep
from application.use_cases.clean_up import CleanUp
from application.use_cases.delete_document import DeleteDocument
from application.use_cases.delete_failed_documents import DeleteFailedDocuments
from application.use_cases.expire_artifacts import ExpireArtifacts
from application.use_cases.expire_uploads import ExpireUploads
from application.use_cases.forget_history import ForgetHistory
from application.use_cases.start_due_cleanup import StartDueCleanup
from application.use_cases.start_task import StartTask
from application.use_cases.sweep_lost_rows import SweepLostRows
from application.use_cases.sweep_old_vectors import SweepOldVectors
from application.use_cases.sweep_orphan_objects import SweepOrphanObjects
from application.use_cases.sweep_upload_leftovers import SweepUploadLeftovers
from bootstrap.settings import Settings
from domain.cleanup import CLEANUP, CLEANUP_QUEUE, CleanupTask
from domain.idempotent_request import GENERATE_KEY_LIFETIME
from domain.retry_policy import RetryPolicy
from infrastructure.postgres.history import PostgresHistory
from infrastructure.postgres.lost_rows import PostgresLostRows
from infrastructure.postgres.object_owners import PostgresObjectOwners
from infrastructure.postgres.old_vectors import PostgresOldVectors
from infrastructure.postgres.passage_store import PostgresPassageStore
from infrastructure.postgres.stale_documents import PostgresStaleDocuments
from infrastructure.queue.duties import Duty

LONGEST_LOOK_SECONDS = 60.0
# Long enough to think better of a new model, or to prepare one part by part.
OLD_VECTORS_KEPT = timedelta(days=7)


def wire_sweeps(
    settings: Settings, engine: Engine, transactions: Transactions, blobs: BlobStore
) -> Mapping[CleanupTask, tuple[Sweep, ...]]:
    """Return what each task sweeps, in order."""
    margin = timedelta(seconds=settings.upload_margin_seconds)
    upload_window = timedelta(seconds=settings.upload_url_seconds)
    owners, stale = PostgresObjectOwners(engine), PostgresStaleDocuments(engine)
    failed_days = settings.failed_retention_days
    expired: tuple[Sweep, ...] = (
        ExpireUploads(transactions=transactions, blobs=blobs, stale=stale, upload_window=upload_window, margin=margin),
        DeleteFailedDocuments(
            transactions=transactions,
            stale=stale,
            delete_document=DeleteDocument(transactions=transactions, blobs=blobs),
            retention=timedelta(days=failed_days) if failed_days else None,
        ),
        ExpireArtifacts(transactions=transactions, blobs=blobs),
    )
    orphans: tuple[Sweep, ...] = (
        SweepLostRows(
            transactions=transactions,
            blobs=blobs,
            lost=PostgresLostRows(engine),
            passages=PostgresPassageStore(engine),
        ),
    )
    s3: tuple[Sweep, ...] = (
        SweepOrphanObjects(transactions=transactions, blobs=blobs, owners=owners, window=upload_window + margin),
        SweepUploadLeftovers(
            transactions=transactions,
            blobs=blobs,
            owners=owners,
            window=timedelta(seconds=settings.multipart_upload_seconds) + margin,
        ),
    )
    jobs: tuple[Sweep, ...] = (
        ForgetHistory(transactions=transactions, history=PostgresHistory(engine), retention=retention_of(settings)),
        SweepOldVectors(transactions=transactions, old=PostgresOldVectors(engine), kept=OLD_VECTORS_KEPT),
    )
    return {
        CleanupTask.EXPIRED: expired,
        CleanupTask.ORPHANS: orphans,
        CleanupTask.S3: s3,
        CleanupTask.JOBS: jobs,
        CleanupTask.DAILY: (*expired, *orphans, *s3, *jobs),
    }


def retention_of(settings: Settings) -> Mapping[Record, timedelta]:
    """Return how long each kind of record is kept; what is kept for ever is left out."""
    days = {
        Record.EVENTS: settings.history_retention_days,
        Record.JOBS: settings.history_retention_days,
        Record.EMBEDDINGS: settings.cache_retention_days,
    }
    kept = {record: timedelta(days=count) for record, count in days.items() if count}
    # The keys first: a job is kept for as long as its key.
    return {
        Record.IDEMPOTENCY_KEYS: max(timedelta(hours=settings.idempotency_ttl_hours), GENERATE_KEY_LIFETIME),
        Record.RESULTS: timedelta(hours=settings.result_ttl_hours),
        **kept,
    }


def cleanup_action_type(settings: Settings, engine: Engine, transactions: Transactions, blobs: BlobStore) -> ActionType:
    """Return how cleanups run."""
    return ActionType(
        name=CLEANUP,
        queue=CLEANUP_QUEUE,
        timeout=timedelta(seconds=settings.cleanup_timeout_seconds),
        retry=RetryPolicy(first_delay_seconds=settings.retry_delay_seconds),
        handler=CleanUp(sweeps=wire_sweeps(settings, engine, transactions, blobs)),
    )


def wire_start(
    settings: Settings, transactions: Transactions, *, action_type: str, wake_relay: Callable[[], None]
) -> StartTask:
    """Return how a task of the cleanup queue is started."""
    return StartTask(
        transactions=transactions,
        action_type=action_type,
        queue=CLEANUP_QUEUE,
        max_attempts=settings.max_attempts,
        wake_relay=wake_relay,
        key_lifetime=timedelta(hours=settings.idempotency_ttl_hours),
    )


def wire_schedule(settings: Settings, transactions: Transactions, *, wake_relay: Callable[[], None]) -> list[Duty]:
    """Return the duty that starts the daily cleanup when it is due; none where that is switched off."""
    if not settings.cleanup_every_hours:
        return []
    every = timedelta(hours=settings.cleanup_every_hours)
    start = wire_start(settings, transactions, action_type=CLEANUP, wake_relay=wake_relay)
    due = StartDueCleanup(transactions=transactions, start=start, every=every)
    return [Duty(name="schedule", every_seconds=min(LONGEST_LOOK_SECONDS, every.total_seconds() / 2), call=due)]
