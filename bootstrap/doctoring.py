"""Wires the doctor: its checks, and how it runs."""

from collections.abc import Callable, Collection
from datetime import timedelta

from sqlalchemy import Engine

from application.check import Check
from application.ports.blob_store import BlobStore
from application.ports.password_seal import PasswordSeal
from application.ports.unit_of_work import Transactions
from application.run_action import ActionType
from application.use_cases.audit_installation import AuditInstallation
from application.use_cases.cancel_job import CancelJob
from application.use_cases.check_documents import CheckDocuments
from application.use_cases.check_jobs import CheckJobs
from application.use_cases.check_leftovers import CheckLeftovers
from application.use_cases.process_uploaded_document import ProcessUploadedDocument
from bootstrap.cleaning import wire_sweeps
from bootstrap.settings import Settings
from domain.audit import DOCTOR
from domain.cleanup import CLEANUP_QUEUE, CleanupTask
from domain.retry_policy import RetryPolicy
from infrastructure.postgres.document_audit import PostgresDocumentAudit
from infrastructure.postgres.job_audit import PostgresJobAudit


def doctor_action_type(
    settings: Settings,
    engine: Engine,
    transactions: Transactions,
    blobs: BlobStore,
    seal: PasswordSeal,
    *,
    known_types: Callable[[], Collection[str]],
) -> ActionType:
    """Return how the doctor runs. `known_types` is asked when it does, once all types are there."""
    sweeps = wire_sweeps(settings, engine, transactions, blobs)
    process = ProcessUploadedDocument(
        transactions=transactions,
        blobs=blobs,
        seal=seal,
        wake_relay=lambda: None,  # it looks each second
        max_attempts=settings.max_attempts,
    )
    leftovers = (*sweeps[CleanupTask.S3], *sweeps[CleanupTask.ORPHANS])
    checks: tuple[Check, ...] = (
        *(CheckLeftovers(sweep=sweep) for sweep in leftovers),
        CheckDocuments(transactions=transactions, blobs=blobs, audit=PostgresDocumentAudit(engine), process=process),
        CheckJobs(
            transactions=transactions,
            audit=PostgresJobAudit(engine),
            cancel_job=CancelJob(transactions=transactions),
            known_types=known_types,
        ),
    )
    return ActionType(
        name=DOCTOR,
        queue=CLEANUP_QUEUE,
        timeout=timedelta(seconds=settings.cleanup_timeout_seconds),
        retry=RetryPolicy(first_delay_seconds=settings.retry_delay_seconds),
        handler=AuditInstallation(checks=checks),
    )
