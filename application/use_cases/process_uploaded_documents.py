"""Starts the processing of many documents at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from uuid import UUID

from application.call_each import call_each
from application.ports.unit_of_work import Transactions, UnitOfWork
from application.use_cases.process_uploaded_document import ProcessUploadedDocument, UploadedVersion
from domain.document import Document
from domain.errors import CallbackTaken, DocumentNotFound, EsteiraError
from domain.idempotent_request import KEY_LIFETIME, IdempotentRequest, Made
from domain.ids import DocumentId, JobId

# A worker that finishes one of these documents waits for the transaction, which must stay far below lock_timeout.
DOCUMENTS_PER_TRANSACTION = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedProcessing:
    """The job of a document; `is_replayed` where the same request had started it before."""

    job_id: JobId
    is_replayed: bool = False


Ended = dict[DocumentId, StartedProcessing | EsteiraError]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessUploadedDocuments:
    """Looks at the bytes in parallel, enqueues in few transactions; what fails leaves the others alone."""

    transactions: Transactions
    process_uploaded_document: ProcessUploadedDocument
    key_lifetime: timedelta = KEY_LIFETIME

    def __call__(
        self,
        document_ids: Sequence[DocumentId],
        *,
        callback_url: str | None = None,
        request: IdempotentRequest | None = None,
    ) -> Mapping[DocumentId, StartedProcessing | EsteiraError]:
        """Return for each id the job that `ProcessUploadedDocument` would return, or what it would raise.

        Sent again, what was started is told again, and what was refused is tried again. Raises CallbackRefused,
        RequestInFlight, IdempotencyKeyReused, DatabaseUnavailable: some may be running then, and asking again gives
        the same jobs.
        """
        if callback_url is not None:
            self.process_uploaded_document.callbacks.require(callback_url)
        ended: Ended = {}
        # In the order of their ids, so that no two calls wait for each other's documents in a circle.
        for batch in _batches(sorted(set(document_ids))):
            candidates = self._read(batch, ended, request)
            looked = call_each(self.process_uploaded_document.uploaded, candidates.values())
            self._enqueue(dict(zip(candidates, looked, strict=True)), ended, callback_url, request)
        if any(isinstance(started, StartedProcessing) and not started.is_replayed for started in ended.values()):
            self.process_uploaded_document.wake_relay()
        return ended

    def _read(
        self, document_ids: Sequence[DocumentId], ended: Ended, request: IdempotentRequest | None
    ) -> Mapping[DocumentId, Sequence[Document]]:
        candidates = {}
        with self.transactions() as transaction:
            before = self._started_before(transaction, request)
            for key in document_ids:
                if job_id := before.get(key):
                    ended[key] = StartedProcessing(job_id=job_id, is_replayed=True)
                    continue
                try:
                    candidates[key] = self.process_uploaded_document.candidates(transaction, key)
                except DocumentNotFound as error:
                    ended[key] = error
        return candidates

    def _enqueue(
        self,
        looked: Mapping[DocumentId, UploadedVersion | EsteiraError],
        ended: Ended,
        callback_url: str | None,
        request: IdempotentRequest | None,
    ) -> None:
        with self.transactions() as transaction:
            started = dict(self._started_before(transaction, request))
            for key, found in looked.items():
                if job_id := started.get(key):  # by the same request, which came in between
                    ended[key] = StartedProcessing(job_id=job_id, is_replayed=True)
                    continue
                if isinstance(found, EsteiraError):
                    ended[key] = found
                    continue
                try:
                    job = self.process_uploaded_document.enqueue(transaction, found, callback_url=callback_url)
                    started[key] = job.id
                    ended[key] = StartedProcessing(job_id=job.id)
                except (DocumentNotFound, CallbackTaken) as error:
                    ended[key] = error
            if request and started:
                jobs = {str(document_id): str(job_id) for document_id, job_id in started.items()}
                transaction.idempotency_keys.keep(request, Made(details=jobs))
            transaction.commit()

    def _started_before(self, transaction: UnitOfWork, request: IdempotentRequest | None) -> Mapping[DocumentId, JobId]:
        made = transaction.idempotency_keys.hold(request, lifetime=self.key_lifetime) if request else None
        details = made.details if made else {}
        return {DocumentId(UUID(key)): JobId(UUID(str(job_id))) for key, job_id in details.items()}


def _batches(document_ids: Sequence[DocumentId]) -> Iterator[Sequence[DocumentId]]:
    rest = iter(document_ids)
    while batch := list(islice(rest, DOCUMENTS_PER_TRANSACTION)):
        yield batch
