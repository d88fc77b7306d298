"""A document that a request has announced, once however often the request is sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from application.ports.presigned_request import PresignedRequest
from application.ports.unit_of_work import UnitOfWork
from domain.document import Document
from domain.errors import DocumentNotFound
from domain.ids import DocumentId
from domain.multipart import Upload


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncedDocument:
    """A document, or its new version, and the request to send, or the upload in parts.

    `is_replayed` where the same request had announced it before.
    """

    document: Document
    upload: PresignedRequest | Upload
    is_replayed: bool = False


def noted(document: Document) -> Mapping[str, object]:
    """Return what is kept of a document to find it again: which it is, and which version."""
    return {"document_id": str(document.id), "version": document.version}


def found_again(transaction: UnitOfWork, note: Mapping[str, object]) -> Document:
    """Return the version that was noted. Raises DocumentNotFound where it was deleted or given up since."""
    try:
        return transaction.versions.get(DocumentId(UUID(str(note["document_id"]))), int(str(note["version"])))
    except DocumentNotFound as gone:
        raise DocumentNotFound(
            "What this request had announced was deleted or given up since: send it with a new idempotency key."
        ) from gone
