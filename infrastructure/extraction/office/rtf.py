"""RTF, in one pass over its control words: paragraphs, headings by style or outline level, lists, tables, notes.

Left out: headers and footers, comments, hidden and deleted text, pictures. Footnotes and text boxes follow the
paragraph they hang on; a table's row is a line. Time and memory are in proportion to the file, whatever is in it.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from domain.failure import DocumentUnreadable, FailureCode
from infrastructure.extraction.detection import Format
from infrastructure.extraction.office import rtf_words as words
from infrastructure.extraction.office.rtf_blocks import Blocks, level_of
from infrastructure.extraction.pieces import Block, PieceReading
from infrastructure.extraction.text.encoding_labels import known_encoding

MAX_DEPTH = 10_000
MAX_FALLBACK_CHARACTERS = 10
UTF_8 = 65001
_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|([^\\{}\r\n]+)|[\r\n]+|\\"
)
_HEADING_NAME = re.compile(r"heading ([1-9])\b", re.IGNORECASE)


def open_rtf(path: Path) -> PieceReading:
    """Open an RTF file."""
    return PieceReading(media_type=Format.RTF, blocks=_Reader(path.read_bytes()).blocks())


class _Group(NamedTuple):
    """What holds until the group ends. `goes_to`: text, apart, fonts, styles or nowhere."""

    goes_to: str = "text"
    fallback_characters: int = 1
    encoding: str | None = None
    hidden: bool = False


class _Reader:
    """Reads one file from its beginning to its end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._out = Blocks()
        self._group = _Group()
        self._outer: list[_Group] = []
        self._starred = False
        self._to_skip = 0  # characters that stand in for a Unicode one
        self._bytes = bytearray()  # not yet decoded: characters of two bytes may be split
        self._aside: list[str] = []  # of a footnote, text box or style's name
        self._encoding = words.CODE_PAGES["ansi"]
        self._default_font = 0
        self._fonts: dict[int, str] = {}
        self._defined = 0  # the font or style whose definition is being read

    def blocks(self) -> Iterator[Block]:
        """Yield the blocks of the text."""
        position = 0
        while token := _TOKEN.match(self._data, position):
            position = token.end()
            word, number, code, symbol, brace, run = token.groups()
            if brace == b"{":
                self._enter()
            elif brace:
                self._leave()
                if not self._outer:
                    break
            elif word:
                value = int(number) if number else None
                position += max(value or 0, 0) if word == b"bin" else 0
                yield from self._word(word.decode().lower(), value)
            elif code or run:
                self._add_bytes(bytes.fromhex(code.decode()) if code else run)
            elif symbol:
                yield from self._symbol(symbol)
        self._flush()
        yield from self._out.end()

    def _enter(self) -> None:
        self._flush()
        if len(self._outer) >= MAX_DEPTH:
            raise DocumentUnreadable(FailureCode.CORRUPT)
        self._outer.append(self._group)
        self._to_skip = 0

    def _leave(self) -> None:
        self._flush()
        left, self._group = self._group, self._outer.pop() if self._outer else _Group()
        self._to_skip = 0
        if left.goes_to == "styles":
            if found := _HEADING_NAME.search("".join(self._aside)):
                self._out.levels[self._defined] = int(found[1])
            self._aside.clear()
        elif left.goes_to == "apart" != self._group.goes_to:
            self._out.add_apart("".join(self._aside))
            self._aside.clear()

    def _symbol(self, symbol: bytes) -> Iterator[Block]:
        if symbol == b"*":
            self._starred = True
        elif symbol in b"\r\n":
            yield from self._end_of_paragraph()
        else:
            self._add(words.SYMBOLS.get(symbol, ""))

    def _word(self, name: str, value: int | None) -> Iterator[Block]:
        self._flush()
        starred, self._starred = self._starred, False
        self._to_skip = 0
        if name in words.SKIPPED or name in words.MARKERS or (starred and name not in words.KNOWN_STARRED):
            self._out.listed |= name in words.MARKERS and self._group.goes_to == "text"
            self._group = self._group._replace(goes_to="nowhere")
        elif name in words.TEXT:
            self._add(words.TEXT[name])
        elif name == "u":
            self._add(chr((value or 0) % 0x10000))
            self._to_skip = self._group.fallback_characters
        elif name in {"par", "sect", "page"}:
            yield from self._end_of_paragraph()
        elif self._group.goes_to == "text" and name == "cell":
            self._out.end_cell()
        elif self._group.goes_to == "text" and name == "row":
            yield from self._out.end_row()
        else:
            self._property(name, value)

    def _property(self, name: str, value: int | None) -> None:
        goes_to = self._group.goes_to
        if goes_to in {"fonts", "styles"}:
            self._define(name, value or 0)
        elif name in words.DESTINATIONS and goes_to == "text":
            self._group = self._group._replace(goes_to=words.DESTINATIONS[name])
        elif name in {"uc", "f", "v", "deleted", "plain"}:
            self._group = self._with_property(name, value)
        elif name in {"ansicpg", *words.CODE_PAGES}:
            code_page = known_encoding("utf-8" if value == UTF_8 else f"cp{value}") if value else None
            self._encoding = words.CODE_PAGES.get(name) or code_page or self._encoding
        elif name == "deff":
            self._default_font = value or 0
        elif goes_to == "text":
            self._out.property(name, value)

    def _define(self, name: str, value: int) -> None:
        """Take a word of the font table or of the style sheet."""
        if name in {"f", "s"}:
            self._defined = value
        elif name == "fcharset" and value in words.CHARSETS:
            self._fonts[self._defined] = words.CHARSETS[value]
        elif name == "outlinelevel" and (level := level_of(value)):
            self._out.levels[self._defined] = level

    def _with_property(self, name: str, value: int | None) -> _Group:
        match name:
            case "uc":
                return self._group._replace(fallback_characters=min(max(value or 0, 0), MAX_FALLBACK_CHARACTERS))
            case "f":
                return self._group._replace(encoding=self._fonts.get(value or 0))
            case "plain":
                return self._group._replace(encoding=self._fonts.get(self._default_font), hidden=False)
            case _:
                return self._group._replace(hidden=value != 0)

    def _end_of_paragraph(self) -> Iterator[Block]:
        self._flush()
        if self._group.goes_to == "text":
            yield from self._out.end_paragraph()
        else:
            self._add(" ")

    def _add_bytes(self, data: bytes) -> None:
        skipped = min(self._to_skip, len(data))
        self._to_skip -= skipped
        self._bytes += data[skipped:]

    def _add(self, text: str) -> None:
        self._flush()
        if self._to_skip and text:
            self._to_skip -= 1
        elif self._group.goes_to == "text" and not self._group.hidden:
            self._out.add(text)
        elif self._group.goes_to in {"apart", "styles"}:
            self._aside.append(text)

    def _flush(self) -> None:
        """Decode what has come as bytes."""
        if self._bytes:
            text = self._bytes.decode(self._group.encoding or self._encoding, "replace")
            self._bytes.clear()
            self._add(text)
