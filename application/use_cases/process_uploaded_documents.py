"""Starts the processing of many documents at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from application.call_each import call_each
from application.ports.unit_of_work import Transactions
from application.use_cases.process_uploaded_document import ProcessUploadedDocument, UploadedVersion
from domain.document import Document
from domain.errors import CallbackTaken, DocumentNotFound, EsteiraError
from domain.ids import DocumentId
from domain.job import Job

# A worker that finishes one of these documents waits for the transaction, which must stay far below lock_timeout.
DOCUMENTS_PER_TRANSACTION = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessUploadedDocuments:
    """Looks at the bytes in parallel, enqueues in few transactions; what fails leaves the others alone."""

    transactions: Transactions
    process_uploaded_document: ProcessUploadedDocument

    def __call__(
        self, document_ids: Sequence[DocumentId], *, callback_url: str | None = None
    ) -> Mapping[DocumentId, Job | EsteiraError]:
        """Return for each id what `ProcessUploadedDocument` would return or raise.

        Raises CallbackRefused; DatabaseUnavailable: some may be running then, and asking again gives the same jobs.
        """
        if callback_url is not None:
            self.process_uploaded_document.callbacks.require(callback_url)
        ended: dict[DocumentId, Job | EsteiraError] = {}
        # In the order of their ids, so that no two calls wait for each other's documents in a circle.
        for batch in _batches(sorted(set(document_ids))):
            candidates = self._read(batch, ended)
            looked = call_each(self.process_uploaded_document.uploaded, candidates.values())
            self._enqueue(dict(zip(candidates, looked, strict=True)), ended, callback_url)
        if any(isinstance(job, Job) for job in ended.values()):
            self.process_uploaded_document.wake_relay()
        return ended

    def _read(
        self, document_ids: Sequence[DocumentId], ended: dict[DocumentId, Job | EsteiraError]
    ) -> Mapping[DocumentId, Sequence[Document]]:
        candidates = {}
        with self.transactions() as transaction:
            for key in document_ids:
                try:
                    candidates[key] = self.process_uploaded_document.candidates(transaction, key)
                except DocumentNotFound as error:
                    ended[key] = error
        return candidates

    def _enqueue(
        self,
        looked: Mapping[DocumentId, UploadedVersion | EsteiraError],
        ended: dict[DocumentId, Job | EsteiraError],
        callback_url: str | None,
    ) -> None:
        with self.transactions() as transaction:
            for key, found in looked.items():
                if isinstance(found, EsteiraError):
                    ended[key] = found
                    continue
                try:
                    ended[key] = self.process_uploaded_document.enqueue(transaction, found, callback_url=callback_url)
                except (DocumentNotFound, CallbackTaken) as error:
                    ended[key] = error
            transaction.commit()


def _batches(document_ids: Sequence[DocumentId]) -> Iterator[Sequence[DocumentId]]:
    rest = iter(document_ids)
    while batch := list(islice(rest, DOCUMENTS_PER_TRANSACTION)):
        yield batch
