"""What every format's reader gives: an opened document whose pages are read one by one."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from domain.extracted_page import Heading
from domain.failure import FailureCode


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPage:
    """A page, or a piece of a format without pages, counted from 1.

    `blank` says what the document is if all of it is like this page; None where there is text. `unreadable` says why
    the page could not be read at all. `recognized` says that the text was seen in a picture (OCR). `memory` is what the
    page has shown that helps to read later ones, for a reader that begins behind it.
    """

    number: int
    text: str = ""
    headings: tuple[Heading, ...] = ()
    blank: FailureCode | None = None
    unreadable: FailureCode | None = None
    recognized: bool = False
    memory: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAttachment:
    """A file within a document: its own name and what the document says of its type. `load` gives its bytes."""

    filename: str
    media_type: str
    load: Callable[[], bytes]


class Reading(Protocol):
    """An opened document."""

    @property
    def media_type(self) -> str:
        """Type as the bytes say."""
        ...

    @property
    def page_count(self) -> int | None:
        """Number of pages, None where the format has none."""
        ...

    def read(self, *, first: int, last: int | None) -> Iterator[ReadPage]:
        """Yield the pages from `first` to `last` (None: to the end). Raises DocumentUnreadable."""
        ...


@runtime_checkable
class Remembers(Protocol):
    """An opened document each of whose pages is read by what the pages before have shown."""

    def recall(self, memories: Sequence[str]) -> None:
        """Take the memories of all pages before the one that is read first, in order. Called before `read`."""
        ...


@runtime_checkable
class HoldsAttachments(Protocol):
    """An opened document without pages that has files within it; they are asked for after the text."""

    @property
    def attachments(self) -> Sequence[ReadAttachment]:
        """The files, in order."""
        ...
