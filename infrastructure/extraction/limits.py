"""How much a document may cost to read."""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractionLimits:
    """Limits of one document, and when a child process has served long enough.

    `memory_bytes` is what the child may take above its own size at start; seconds are wall clock, waited by the parent.
    """

    max_pages: int = 5_000
    max_unpacked_bytes: int = 512 * MIB
    max_zip_entries: int = 10_000
    max_zip_ratio: int = 250
    max_attachments: int = 100
    max_attachment_bytes: int = 512 * MIB
    memory_bytes: int = 1024 * MIB
    start_seconds: float = 30
    open_seconds: float = 60
    page_seconds: float = 30
    recycle_documents: int = 200
    recycle_bytes: int = 400 * MIB
