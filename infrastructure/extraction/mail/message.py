"""What mails of all formats come to: a subject as heading, who wrote to whom, the body, and the attached files."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from infrastructure.extraction.pieces import Block, PieceReading
from infrastructure.extraction.reading import ReadAttachment, ReadPage
from infrastructure.extraction.text.html import html_blocks
from infrastructure.extraction.text.text_cleaning import one_line

MAX_LINE_CHARACTERS = 2_000  # of a line of the head: who writes to a thousand people is found by the first of them
RICH_ENOUGH = 0.8  # of the words of the other form: plain text, which is what was typed, is preferred
SMALL_PICTURE_BYTES = 8 * 1024
_PARAGRAPH_END = re.compile(r"\n[ \t]*\n+")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailReading:
    """A mail, opened."""

    media_type: str
    blocks: Iterable[Block]
    attachments: Sequence[ReadAttachment]
    page_count: None = None

    def read(self, *, first: int, last: int | None) -> Iterator[ReadPage]:
        """See Reading."""
        return PieceReading(media_type=self.media_type, blocks=self.blocks).read(first=first, last=last)


def head_blocks(subject: str, lines: Iterable[tuple[str, str]], *, level: int) -> Iterator[Block]:
    """Yield the subject as a heading, then a line `name: value` for each that has a value."""
    yield Block(text=one_line(subject)[:MAX_LINE_CHARACTERS], level=level)
    for name, value in lines:
        if shown := one_line(value)[:MAX_LINE_CHARACTERS]:
            yield Block(text=f"{name}: {shown}", tight=True)


def plain_blocks(text: str) -> list[Block]:
    """Return the paragraphs of a plain body."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return [Block(text=paragraph) for paragraph in _PARAGRAPH_END.split(text) if paragraph.strip()]


def html_body(markup: str) -> list[Block]:
    """Return the blocks of an HTML body."""
    return list(html_blocks(markup))


def richer(plain: Sequence[Block], other: Sequence[Block]) -> Sequence[Block]:
    """Return the plain form of a body unless it says much less than the other, as "your program shows no HTML" does."""
    words = _words(plain)
    return plain if words and words >= RICH_ENOUGH * _words(other) else other


def _words(blocks: Sequence[Block]) -> int:
    return sum(len(block.text.split()) for block in blocks)


def is_decoration(media_type: str, size_bytes: int, *, shown_inline: bool) -> bool:
    """Tell pictures that belong to the body or are mere logos from pictures that somebody attached."""
    return media_type.startswith("image/") and (shown_inline or size_bytes < SMALL_PICTURE_BYTES)
