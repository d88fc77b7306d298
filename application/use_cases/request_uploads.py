"""Takes the descriptions of many documents at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from application.announced_document import AnnouncedDocument, found_again, noted
from application.call_each import call_each
from application.ports.unit_of_work import Transactions, UnitOfWork
from application.use_cases.request_upload import RequestUpload, UploadRequest
from domain.document import Document
from domain.errors import DocumentNotFound, EsteiraError, InvalidRequest, TooLarge
from domain.idempotent_request import KEY_LIFETIME, IdempotentRequest, Made


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestUploads:
    """Adds the documents in one transaction; one that is refused leaves the others alone."""

    transactions: Transactions
    request_upload: RequestUpload
    key_lifetime: timedelta = KEY_LIFETIME

    def __call__(
        self, requests: Sequence[UploadRequest], *, idempotent: IdempotentRequest | None = None
    ) -> Sequence[AnnouncedDocument | EsteiraError]:
        """Return for each request what `RequestUpload` would return or raise.

        Sent again, what was announced is signed anew, and what was refused is tried again. Raises RequestInFlight,
        IdempotencyKeyReused, DatabaseUnavailable.
        """
        with self.transactions() as transaction:
            keys = transaction.idempotency_keys
            made = keys.hold(idempotent, lifetime=self.key_lifetime) if idempotent else None
            before = made.details if made else {}
            added = self._announced(transaction, requests, before)
            if idempotent:
                keys.keep(idempotent, Made(details={**before, **_notes(added)}))
            transaction.commit()

        def ready(place: int) -> AnnouncedDocument:
            document = added[place]
            if isinstance(document, EsteiraError):
                raise document
            upload = self.request_upload.ready(document, multipart=requests[place].multipart)
            return AnnouncedDocument(document=document, upload=upload, is_replayed=str(place) in before)

        return call_each(ready, range(len(requests)))

    def _announced(
        self, transaction: UnitOfWork, requests: Sequence[UploadRequest], before: Mapping[str, Any]
    ) -> Sequence[Document | EsteiraError]:
        """Announce in the order of external ids, so that no two calls wait for each other in a circle."""
        now, announced = transaction.now(), dict[int, Document | EsteiraError]()
        for place in sorted(range(len(requests)), key=lambda place: requests[place].external_id or ""):
            try:
                announced[place] = (
                    found_again(transaction, before[str(place)])
                    if str(place) in before
                    else transaction.documents.add(self.request_upload.describe(requests[place], now=now))
                )
            except (DocumentNotFound, TooLarge, InvalidRequest) as error:
                announced[place] = error
        return [announced[place] for place in range(len(requests))]


def _notes(added: Sequence[Document | EsteiraError]) -> Mapping[str, Mapping[str, object]]:
    """Return what to keep of each place where something was announced."""
    return {str(place): noted(document) for place, document in enumerate(added) if isinstance(document, Document)}
