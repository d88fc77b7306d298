"""What is in documents, as calls answer with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from esteira_client.answers import Failure, Json, instants, known


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A passage. Offsets count characters of the document's whole text; pages are from 1, None where there are none."""

    chunk_id: str
    position: int
    text: str
    char_start: int
    char_end: int
    page_start: int | None = None
    page_end: int | None = None
    token_count: int = 0
    headings: Sequence[str] = ()

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Read a passage."""
        return known(cls, answer)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """A passage that was found; `score` is from 0 to 1. `highlights` are (start, end) in `text`."""

    document_id: str
    filename: str
    chunk_id: str
    text: str
    score: float
    char_start: int
    char_end: int
    external_id: str | None = None
    metadata: Json
    page_start: int | None = None
    page_end: int | None = None
    headings: Sequence[str] = ()
    highlights: Sequence[tuple[int, int]] = ()

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Read a result."""
        places = [(place["start"], place["end"]) for place in answer.get("highlights") or ()]
        return known(cls, answer, metadata=answer.get("metadata") or {}, highlights=places)


@dataclass(frozen=True, slots=True, kw_only=True)
class PagePicture:
    """A picture of a page, in pixels. `url` needs no key and is good for some minutes: ask again, do not keep it."""

    url: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentPage:
    """A page, from 1, and its place in the whole text.

    Pictures are None until an action `preview` has made them; `picture_error` says why it could not.
    """

    page: int
    char_start: int
    char_end: int
    width: int | None = None
    height: int | None = None
    list_picture: PagePicture | None = None
    reading_picture: PagePicture | None = None
    picture_error: Failure | None = None

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Read a page."""
        sizes = answer.get("pictures") or {}
        pictures = {f"{size}_picture": known(PagePicture, picture) for size, picture in sizes.items()}
        error = answer.get("picture_error")
        return known(cls, {**answer, **pictures}, picture_error=known(Failure, error) if error else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlineEntry:
    """A part of a document: `level` is from 1, the outermost; `page` is None where it points nowhere."""

    title: str
    level: int
    page: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentDetails:
    """What a document says of itself, for which nobody vouches; None is what it does not say."""

    document_id: str
    version: int
    title: str | None = None
    author: str | None = None
    language: str | None = None
    created_at: datetime | None = None
    modified_at: datetime | None = None
    outline: Sequence[OutlineEntry] = ()

    @classmethod
    def from_json(cls, answer: Json) -> Self:
        """Read the details."""
        outline = [known(OutlineEntry, entry) for entry in answer.get("outline") or ()]
        return known(cls, answer, outline=outline, **instants(answer, "created_at", "modified_at"))
