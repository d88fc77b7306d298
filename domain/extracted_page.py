"""What a parser reads from a file: its text, piece by piece, with its headings."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading in a page: `offset` counts code points from the page's start, `level` is 1 (outermost) to 6."""

    offset: int
    level: int
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractedPage:
    """One page of a paged format, or one piece of a format without pages (then `number` is None).

    `text` is clean: no NUL, no lone surrogate, lines end in a newline, paragraphs are a blank line apart.
    `recognized` says that it was seen in a picture (OCR) and may have letters wrong.
    """

    number: int | None
    text: str
    headings: tuple[Heading, ...] = ()
    recognized: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadablePage:
    """A page that could not be read, and why (a failure code)."""

    number: int
    code: str
