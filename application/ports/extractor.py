"""Port: reads a file of unknown content and gives its text, page by page."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from domain.extracted_page import ExtractedPage, UnreadablePage


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentOpened:
    """What is known once a file was opened: its type as the bytes say, and its pages (None where it has none)."""

    media_type: str
    page_count: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractedAttachment:
    """A file that was within a document: its bytes at `path`, its own name and what the document says of its type."""

    path: Path
    filename: str
    content_type: str
    size_bytes: int
    checksum_sha256: str


class ExtractionStream(Protocol):
    """An opened document. Iterating reads on; pages come in order, each once, readable or not."""

    @property
    def opened(self) -> DocumentOpened:
        """Type and number of pages."""
        ...

    @property
    def attachments(self) -> Sequence[ExtractedAttachment]:
        """The files within the document, known once it was read to its end; none unless a folder was given."""
        ...

    @property
    def attachments_left_out(self) -> int:
        """How many more there were: unreadable, or beyond the limits of number and size."""
        ...

    def __iter__(self) -> Iterator[ExtractedPage | UnreadablePage]:
        """Yield pages as they are read. Raises DocumentUnreadable when nothing more can be read at all."""
        ...


class Extractor(Protocol):
    """Opens documents. Hostile bytes can crash, hang or bloat the reader, never the caller."""

    def open(
        self,
        path: Path,
        *,
        filename: str,
        check: Callable[[], None],
        password: str | None = None,
        attachments_into: Path | None = None,
    ) -> AbstractContextManager[ExtractionStream]:
        """Open a local file. `filename` is a hint among text formats only (Markdown or plain): bytes decide otherwise.

        `password` opens a PDF that has one; for other files it is not needed and does no harm.

        `check` is called once a second at least while this waits for the reader, on entering and in iterating; what it
        raises ends the reader and passes through. `attachments_into` is an empty folder for the files within.

        Raises DocumentUnreadable (on entering) with the code that says why. Leaving the context frees the reader,
        also in the middle of a document.
        """
        ...
