"""Attachments: the documents that a document brings along."""

from datetime import datetime

from domain.action import Run
from domain.document import Document, clean_filename
from domain.ids import DocumentId, derived_uuid7

# An attachment of an attachment of an attachment is one; what is attached to that is not.
MAX_ATTACHMENT_DEPTH = 3


def attached_document(
    parent: Document,
    run: Run,
    *,
    filename: str,
    content_type: str,
    size_bytes: int,
    checksum_sha256: str,
    now: datetime,
) -> Document:
    """Return the document of an attachment: the same one whenever the parent is read, as long as it is unchanged.

    Its bytes lie under a key of the run's own, so that no run can replace or delete what another one put.
    """
    shown = clean_filename(filename)
    return Document(
        id=DocumentId(derived_uuid7(parent.id, shown, checksum_sha256)),
        tenant_id=parent.tenant_id,
        filename=shown,
        content_type=content_type,
        size_bytes=size_bytes,
        checksum_sha256=checksum_sha256,
        external_id=None,
        metadata=parent.metadata,
        chunk_tokens=parent.chunk_tokens,
        chunk_overlap=parent.chunk_overlap,
        created_at=now,
        parent_id=parent.id,
        attachment_depth=parent.attachment_depth + 1,
        object_name=str(run.id),
    )
