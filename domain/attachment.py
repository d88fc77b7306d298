"""Attachments: the documents that a document brings along."""

import json
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

    What it has from its parent counts too: where a new version says other metadata, the attachments are made anew.
    Its bytes lie under a key of the run's own, so that no run can replace or delete what another one put.
    """
    shown = clean_filename(filename)
    said = json.dumps([dict(parent.metadata), parent.chunk_tokens, parent.chunk_overlap], sort_keys=True)
    return Document(
        id=DocumentId(derived_uuid7(parent.id, shown, checksum_sha256, said)),
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


def attachment_warnings(parent: Document, found: int, *, left_out: int) -> tuple[str, ...]:
    """Return a sentence for a person about the attachments that become no documents; `found` could be read."""
    if parent.attachment_depth >= MAX_ATTACHMENT_DEPTH and found + left_out:
        return (f"{_attachments(found + left_out)} left out: a mail within mails, too deep to go on",)
    if left_out:
        return (f"{_attachments(left_out)} left out: too many, too large or unreadable",)
    return ()


def _attachments(count: int) -> str:
    return f"{count} attachment{'s' if count > 1 else ''}"
