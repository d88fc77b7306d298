"""What a file says of itself: who wrote it, when, what it is called, and how it is divided."""

from dataclasses import dataclass
from datetime import datetime

MOST_OUTLINE_ENTRIES = 2_000
MOST_OUTLINE_LEVELS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlineEntry:
    """A part of the document: `level` is from 1 (outermost), `page` from 1, None where it points nowhere."""

    title: str
    level: int
    page: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentDetails:
    """Nobody vouches for any of it. None stands for what the file does not say, or says as nonsense."""

    title: str | None = None
    author: str | None = None
    created_at: datetime | None = None
    modified_at: datetime | None = None
    outline: tuple[OutlineEntry, ...] = ()
