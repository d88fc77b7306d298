"""Formats without pages: a stream of blocks becomes pieces of some thousand characters, cut at paragraph ends."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from domain.extracted_page import Heading
from infrastructure.extraction.reading import ReadPage
from infrastructure.extraction.text.text_cleaning import clean, one_line

PIECE_CHARACTERS = 10_000
MAX_BLOCK_CHARACTERS = 20_000
MAX_TITLE_CHARACTERS = 300
MAX_LEVEL = 6
CELL_SEPARATOR = " | "


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A paragraph, heading (`level` from 1), list item or table row; `tight` ones are no blank line apart."""

    text: str
    level: int | None = None
    tight: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PieceReading:
    """A document without pages, opened: `blocks` is read once, as the pieces are asked for."""

    media_type: str
    blocks: Iterable[Block]
    page_count: None = None

    def read(self, *, first: int, last: int | None) -> Iterator[ReadPage]:
        """See Reading."""
        for piece in pieces(self.blocks):
            if last is not None and piece.number > last:
                return
            if piece.number >= first:
                yield piece


@dataclass(slots=True)
class _Piece:
    parts: list[str] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)
    size: int = 0
    tight: bool = False

    def add(self, text: str, block: Block) -> None:
        if self.size:
            separator = "\n" if self.tight and block.tight else "\n\n"
            self.parts.append(separator)
            self.size += len(separator)
        if block.level:
            title = one_line(text)[:MAX_TITLE_CHARACTERS]
            self.headings.append(Heading(offset=self.size, level=min(block.level, MAX_LEVEL), title=title))
        self.parts.append(text)
        self.size += len(text)
        self.tight = block.tight


def once(blocks: Iterable[Block]) -> Iterator[Block]:
    """Yield what stands above and below every page, each text once and as no heading; page numbers have no letters."""
    seen = set()
    for block in blocks:
        if block.text not in seen and any(character.isalpha() for character in block.text):
            seen.add(block.text)
            yield Block(text=block.text, tight=block.tight)


def pieces(blocks: Iterable[Block]) -> Iterator[ReadPage]:
    """Yield pieces, numbered from 1. Joined by a newline, as pages are, they still are a blank line apart."""
    number, piece = 1, _Piece()
    for block in blocks:
        if not block.text or block.text.isspace():
            continue
        for text in _bounded(clean(block.text)):
            if piece.size and piece.size + len(text) > PIECE_CHARACTERS:
                end = "" if piece.tight and block.tight else "\n"
                yield ReadPage(number=number, text="".join(piece.parts) + end, headings=tuple(piece.headings))
                number, piece = number + 1, _Piece()
            piece.add(text, block)
    if piece.size:
        yield ReadPage(number=number, text="".join(piece.parts), headings=tuple(piece.headings))


def whole_page(number: int, blocks: Iterable[Block]) -> ReadPage:
    """Return the page that these blocks make, uncut: a slide stays one page, however long it is."""
    page = _Piece()
    for block in blocks:
        text = clean(block.text)
        if text and not text.isspace():
            page.add(text, block)
    return ReadPage(number=number, text="".join(page.parts), headings=tuple(page.headings))


def _bounded(text: str) -> Iterator[str]:
    """Yield a block whole or, where it is huge, in parts cut at a line end, else at a space, else anywhere."""
    start = 0
    while len(text) - start > MAX_BLOCK_CHARACTERS:
        limit = start + MAX_BLOCK_CHARACTERS
        cut = max(text.rfind("\n", start, limit), 0) or max(text.rfind(" ", start, limit), 0)
        end = cut if cut > start else limit
        yield from _not_blank(text[start:end])
        start = end
    yield from _not_blank(text[start:])


def _not_blank(text: str) -> Iterator[str]:
    text = text.strip("\n")
    if text and not text.isspace():
        yield text
