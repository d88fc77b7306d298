"""Found passages on printed pages, with what was asked for in bold."""

from collections.abc import Iterator, Sequence

from application.reports.contents import Passages, PrintedPassage
from infrastructure.artifacts.pdf_pages import INK, NAVY, RED, RULE, SOFT, Pages
from infrastructure.artifacts.pdf_text import BOLD, REGULAR, lines_of, printable, width_of

SIZE, LEADING = 9.0, 13.0
INDENT = 12.0
# Of a text, with its head on one page.
LINES_TOGETHER = 3

Word = tuple[str, bool]


def draw_passages(pages: Pages, passages: Passages) -> None:
    """Draw one below the other."""
    if not passages.passages:
        pages.y -= 24
        pages.text(pages.left, pages.y, printable(passages.table.if_empty), size=10, colour=SOFT)
    for passage in passages.passages:
        _draw(pages, passage)


def _draw(pages: Pages, passage: PrintedPassage) -> None:
    heads = lines_of(printable(passage.head), BOLD, 10, pages.room, most=3)
    where = lines_of(printable(passage.where), REGULAR, 8, pages.room, most=2)
    height = len(heads) * 13 + len(where) * 11 + 20
    pages.need(height + LINES_TOGETHER * LEADING)
    pages.y -= 0 if pages.is_fresh else 14
    for line in heads:
        pages.y -= 13
        pages.text(pages.left, pages.y, line, font=BOLD, size=10, colour=NAVY)
    for line in where:
        pages.y -= 11
        pages.text(pages.left, pages.y, line, size=8, colour=SOFT)
    pages.y -= 3
    for words in _broken(_words(passage), pages.room - INDENT):
        pages.need(LEADING)
        pages.y -= LEADING
        pages.canvas.setStrokeColor(RULE)
        pages.canvas.setLineWidth(1.5)
        pages.canvas.line(pages.left + 2, pages.y - 3, pages.left + 2, pages.y + LEADING - 3)
        _line(pages, words)


def _line(pages: Pages, words: Sequence[Word]) -> None:
    x = pages.left + INDENT
    for text, is_marked in words:
        font = BOLD if is_marked else REGULAR
        pages.text(x, pages.y, text, font=font, size=SIZE, colour=RED if is_marked else INK)
        x += width_of(text, font, SIZE)


def _words(passage: PrintedPassage) -> Iterator[Word | None]:
    """Yield the words with their blanks, those that were asked for marked; None where a line ends."""
    end = 0
    for start, stop in (*passage.highlights, (len(passage.text), len(passage.text))):
        yield from _split(passage.text[end:start], is_marked=False)
        yield from _split(passage.text[start:stop], is_marked=True)
        end = stop


def _split(text: str, *, is_marked: bool) -> Iterator[Word | None]:
    for number, line in enumerate(text.split("\n")):
        if number:
            yield None
        shown = printable(line)
        start = 0
        for place, character in enumerate(shown):
            if character == " ":
                yield shown[start : place + 1], is_marked
                start = place + 1
        if start < len(shown):
            yield shown[start:], is_marked


def _broken(words: Iterator[Word | None], room: float) -> Iterator[list[Word]]:
    """Yield lines that fit; empty ones are left out."""
    line: list[Word] = []
    left = room
    for word in words:
        if word is None:
            if line:
                yield line
            line, left = [], room
            continue
        text, is_marked = word
        font = BOLD if is_marked else REGULAR
        for part in lines_of(text, font, SIZE, room) if width_of(text, font, SIZE) > room else [text]:
            width = width_of(part.rstrip(), font, SIZE)
            if width > left and line:
                yield line
                line, left = [], room
            if part.strip() or line:
                line.append((part, is_marked))
                left -= width_of(part, font, SIZE)
    if line:
        yield line
