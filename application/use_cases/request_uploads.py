"""Takes the descriptions of many documents at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from application.ports.blob_store import PresignedRequest
from application.ports.unit_of_work import Transactions
from application.use_cases.request_upload import RequestUpload, UploadRequest
from domain.document import Document
from domain.errors import EsteiraError, InvalidRequest, TooLarge


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestUploads:
    """Adds the documents in one transaction; one that is refused leaves the others alone."""

    transactions: Transactions
    request_upload: RequestUpload

    def __call__(self, requests: Sequence[UploadRequest]) -> Sequence[tuple[Document, PresignedRequest] | EsteiraError]:
        """Return for each request what `RequestUpload` would return or raise. Raises DatabaseUnavailable."""
        with self.transactions() as transaction:
            now = transaction.now()
            described: list[Document | EsteiraError] = []
            for request in requests:
                try:
                    document = self.request_upload.describe(request, now=now)
                    transaction.documents.add(document)
                    described.append(document)
                except (TooLarge, InvalidRequest) as error:
                    described.append(error)
            transaction.commit()
        return [
            found if isinstance(found, EsteiraError) else (found, self.request_upload.sign(found))
            for found in described
        ]
