"""How much a document may cost to read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """How text in pictures is recognised (OCR): the program Tesseract, and the languages wanted, best first."""

    program: str
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractionLimits:
    """Limits of one document, and when a child process has served long enough.

    `memory_bytes` is what the child may take above its own size at start; seconds are wall clock, waited by the parent.
    `max_pixels` are of one picture, before it is decoded. Without `recognition` no text in pictures is read.
    """

    max_pages: int = 5_000
    max_unpacked_bytes: int = 512 * MIB
    max_zip_entries: int = 10_000
    max_zip_ratio: int = 250
    max_pixels: int = 100_000_000
    max_attachments: int = 100
    max_attachment_bytes: int = 512 * MIB
    memory_bytes: int = 1024 * MIB
    start_seconds: float = 30
    open_seconds: float = 60
    page_seconds: float = 60
    convert_seconds: float = 120
    recycle_documents: int = 200
    recycle_bytes: int = 400 * MIB
    recognition: Recognition | None = None

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "ExtractionLimits":
        """Read what `dataclasses.asdict` made, sent as JSON."""
        found = values["recognition"]
        recognition = Recognition(program=found["program"], languages=tuple(found["languages"])) if found else None
        return cls(**{**values, "recognition": recognition})
