"""Takes the descriptions of many documents at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from application.call_each import call_each
from application.ports.presigned_request import PresignedRequest
from application.ports.unit_of_work import Transactions, UnitOfWork
from application.use_cases.request_upload import RequestUpload, UploadRequest
from domain.document import Document
from domain.errors import EsteiraError, InvalidRequest, TooLarge
from domain.multipart import Upload


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestUploads:
    """Adds the documents in one transaction; one that is refused leaves the others alone."""

    transactions: Transactions
    request_upload: RequestUpload

    def __call__(
        self, requests: Sequence[UploadRequest]
    ) -> Sequence[tuple[Document, PresignedRequest | Upload] | EsteiraError]:
        """Return for each request what `RequestUpload` would return or raise. Raises DatabaseUnavailable."""
        with self.transactions() as transaction:
            now = transaction.now()
            described = [self._described(request, now=now) for request in requests]
            added = self._add(transaction, described)
            transaction.commit()
        return call_each(self._ready, zip(requests, added, strict=True))

    def _ready(
        self, added: tuple[UploadRequest, Document | EsteiraError]
    ) -> tuple[Document, PresignedRequest | Upload]:
        request, document = added
        if isinstance(document, EsteiraError):
            raise document
        return document, self.request_upload.ready(document, multipart=request.multipart)

    def _described(self, request: UploadRequest, *, now: datetime) -> Document | EsteiraError:
        try:
            return self.request_upload.describe(request, now=now)
        except (TooLarge, InvalidRequest) as error:
            return error

    def _add(
        self, transaction: UnitOfWork, described: Sequence[Document | EsteiraError]
    ) -> Sequence[Document | EsteiraError]:
        """Add in the order of external ids, so that no two calls wait for each other in a circle."""
        added = list(described)
        documents = [(place, found) for place, found in enumerate(described) if isinstance(found, Document)]
        for place, document in sorted(documents, key=lambda pair: pair[1].external_id or ""):
            added[place] = transaction.documents.add(document)
        return added
