"""A document: what was promised at presign, and what was found when processing was asked for."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.ids import DocumentId, JobId, TenantId

OBJECTS_PREFIX = "documents/"
MAX_FILENAME_CHARACTERS = 255
MAX_EXTENSION_CHARACTERS = 15
NEVER_SHOWN = ("C", "Zl", "Zp")  # Unicode's controls, and what separates lines and paragraphs


class DocumentStatus(StrEnum):
    """What a document is doing, as users see it."""

    AWAITING_UPLOAD = "awaiting_upload"
    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document as its owner described it in one version. `job_id` is its latest processing, None before the first.

    One that was attached to another has a `parent_id`, and an `attachment_depth` above 0.
    """

    id: DocumentId
    tenant_id: TenantId
    filename: str
    content_type: str
    size_bytes: int
    checksum_sha256: str | None
    external_id: str | None
    metadata: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)
    chunk_tokens: int
    chunk_overlap: int
    version: int = 1
    job_id: JobId | None = None
    created_at: datetime
    parent_id: DocumentId | None = None
    attachment_depth: int = 0
    object_name: str = "original"

    @property
    def object_key(self) -> str:
        """Where the object store keeps the bytes of this version."""
        return object_key(self.id, self.object_name, self.version)


def object_key(document_id: DocumentId, object_name: str, version: int) -> str:
    """Return where the object store keeps the bytes of a version."""
    return f"{OBJECTS_PREFIX}{document_id}/{object_name}" + (f"-{version}" if version > 1 else "")


def document_of_key(key: str) -> DocumentId | None:
    """Return whose object it is; None: no document's, so whoever put it there may want it."""
    head, _, name = key.removeprefix(OBJECTS_PREFIX).partition("/")
    if not key.startswith(OBJECTS_PREFIX) or not name:
        return None
    try:
        found = DocumentId(UUID(head))
    except ValueError:
        return None
    return found if str(found) == head else None


def clean_filename(name: str) -> str:
    """Return the name to show: the last path part, one line, no controls, bounded; "document" if nothing is left."""
    last_part = name.replace("\\", "/").rsplit("/", maxsplit=1)[-1]
    shown = "".join(c for c in last_part if not unicodedata.category(c).startswith(NEVER_SHOWN)).strip(" .")
    _, dot, extension = shown.rpartition(".")
    kept = dot + extension if len(extension) <= MAX_EXTENSION_CHARACTERS else ""
    if len(shown) > MAX_FILENAME_CHARACTERS:
        shown = shown[: MAX_FILENAME_CHARACTERS - len(kept)].rstrip(" .") + kept
    return shown or "document"
