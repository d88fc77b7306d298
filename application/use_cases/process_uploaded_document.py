"""Checks that the promised bytes are in the store, and enqueues the work. No more: a worker does the rest."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from application.ports.blob_store import BlobInfo, BlobStore
from application.ports.password_seal import PasswordSeal
from application.ports.unit_of_work import Transactions, UnitOfWork
from application.started_job import StartedJob, keep_started, started_before
from domain.callback import CallbackRules, callback_of
from domain.document import Document
from domain.errors import BlobNotFound, UploadMismatch, UploadMissing
from domain.idempotent_request import KEY_LIFETIME, IdempotentRequest
from domain.ids import DocumentId
from domain.job import Job, new_index_job

# Of several announced by programs that know nothing of each other; older ones are not worth a question each.
VERSIONS_LOOKED_AT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedVersion:
    """A version whose bytes are there, as promised."""

    document: Document
    info: BlobInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessUploadedDocument:
    """Starts the processing of a document, or points to the one that is running.

    Of the versions that were announced since the last processing, it is the newest whose bytes are there; where none
    was announced since, the last one is processed anew.
    """

    transactions: Transactions
    blobs: BlobStore
    seal: PasswordSeal
    wake_relay: Callable[[], None]
    max_attempts: int
    key_lifetime: timedelta = KEY_LIFETIME
    callbacks: CallbackRules = field(default_factory=CallbackRules)

    def __call__(
        self,
        document_id: DocumentId,
        *,
        password: str | None = None,
        callback_url: str | None = None,
        request: IdempotentRequest | None = None,
    ) -> StartedJob:
        """Return the job, new or running. The password is for a new one; it is kept sealed, until the job has ended.

        The callback is for both. Raises DocumentNotFound, UploadMissing, UploadMismatch, StorageUnavailable,
        CallbackRefused, CallbackTaken where one that runs has another callback, RequestInFlight, IdempotencyKeyReused.
        """
        if callback_url is not None:
            self.callbacks.require(callback_url)
        with self.transactions() as transaction:
            if known := started_before(transaction, request, lifetime=self.key_lifetime):
                return known
            versions = self.candidates(transaction, document_id)
        uploaded = self.uploaded(versions)
        with self.transactions() as transaction:
            # The same request may have come in between.
            if known := started_before(transaction, request, lifetime=self.key_lifetime):
                return known
            job = self.enqueue(transaction, uploaded, password=password, callback_url=callback_url)
            keep_started(transaction, request, job)
            transaction.commit()
        self.wake_relay()
        return StartedJob(job=job)

    def candidates(self, transaction: UnitOfWork, document_id: DocumentId) -> Sequence[Document]:
        """Return the versions that may be meant, newest first. Raises DocumentNotFound."""
        document = transaction.documents.lock(document_id)
        processed = transaction.jobs.lock(document.job_id).document_version if document.job_id else 0
        announced = transaction.versions.after(document_id, processed)
        return announced[:VERSIONS_LOOKED_AT] or [transaction.versions.get(document_id, processed)]

    def uploaded(self, versions: Sequence[Document]) -> UploadedVersion:
        """Return the first version that is stored, once it is what was promised. Raises as the call does."""
        for document in versions:
            try:
                info = self.blobs.head(document.object_key)
            except BlobNotFound:
                continue
            _require_promised(document, info)
            return UploadedVersion(document=document, info=info)
        raise UploadMissing

    def enqueue(
        self,
        transaction: UnitOfWork,
        uploaded: UploadedVersion,
        *,
        password: str | None = None,
        callback_url: str | None = None,
    ) -> Job:
        """Add a job in this transaction, or return the running or later one. Raises DocumentNotFound, CallbackTaken."""
        document_id, version = uploaded.document.id, uploaded.document.version
        document = transaction.documents.lock(document_id)
        latest = transaction.jobs.lock(document.job_id) if document.job_id else None
        is_running = latest and latest.document_version == version and not latest.is_final
        if latest and (is_running or latest.document_version > version):
            return _with_callback(transaction, latest, callback_url)
        job = new_index_job(
            document_id=document_id,
            tenant_id=document.tenant_id,
            version=version,
            etag=uploaded.info.etag,
            max_attempts=self.max_attempts,
            now=transaction.now(),
            sealed_password=self.seal.seal(password, document_id) if password else None,
            callback_url=callback_url,
            previous=latest,
        )
        transaction.jobs.add(job)
        transaction.documents.assign_job(document_id, job.id)
        return job


def _with_callback(transaction: UnitOfWork, job: Job, callback_url: str | None) -> Job:
    """Return a job that was there already, once its end is told to this caller as well."""
    if callback_url is None:
        return job
    told = job.with_callback(callback_url)
    transaction.jobs.save(told)
    if told.is_final:
        transaction.jobs.add(callback_of(told, now=transaction.now()))
    return told


def _require_promised(document: Document, info: BlobInfo) -> None:
    if info.size_bytes != document.size_bytes:
        raise UploadMismatch(f"{document.size_bytes} bytes were promised, {info.size_bytes} were uploaded.")
    if info.content_type != document.content_type:
        raise UploadMismatch(f"{document.content_type} was promised, {info.content_type} was uploaded.")
