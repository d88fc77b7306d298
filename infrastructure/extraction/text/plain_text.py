"""Plain text: read in portions, paragraphs kept as they are."""

import codecs
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from infrastructure.extraction.pieces import MAX_BLOCK_CHARACTERS, Block, PieceReading
from infrastructure.extraction.text.encoding import HANDLED_ERRORS, encoding_after_ascii

PORTION_BYTES = 64 * 1024
_PARAGRAPH_END = re.compile(r"\n(?:[ \t]*\n)+|[\f\u2029]")


def open_plain_text(path: Path, encoding: str) -> PieceReading:
    """Open text of a known encoding."""
    return PieceReading(media_type="text/plain", blocks=_blocks(path, encoding))


def portions(path: Path, encoding: str) -> Iterator[str]:
    """Yield the text in portions, line ends made newlines. Memory does not grow with the file."""
    held = ""
    for decoded in _decoded(path, encoding):
        text = held + decoded
        held = "\r" if text.endswith("\r") else ""  # a pair CR LF may lie across two portions
        yield text[: len(text) - len(held)].replace("\r\n", "\n").replace("\r", "\n")
    yield held.replace("\r", "\n")


def _decoded(path: Path, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)(HANDLED_ERRORS.get(encoding, "replace"))
    told_nothing = encoding == "utf-8"  # as long as all is ASCII
    with path.open("rb") as file:
        data = b"begun"
        while data:
            data = file.read(PORTION_BYTES)
            try:
                text = decoder.decode(data, final=not data)
            except UnicodeDecodeError as exc:  # beyond the sample the file is not what its beginning said
                rest = decoder.getstate()[0] + data
                name = encoding_after_ascii(rest, exc.start) if told_nothing else encoding
                decoder = codecs.getincrementaldecoder(name)("replace")
                text = decoder.decode(rest, final=not data)
            told_nothing = told_nothing and text.isascii()
            yield text


def lines(parts: Iterable[str], *, most: int) -> Iterator[str]:
    """Yield the lines of portions; one that is longer than about `most` characters comes in parts."""
    rest = ""
    for part in parts:
        *whole, rest = (rest + part).split("\n")
        yield from whole
        if len(rest) > most:
            cut = rest.rfind(" ") + 1 or len(rest)
            yield rest[:cut]
            rest = rest[cut:]
    yield rest


def _blocks(path: Path, encoding: str) -> Iterator[Block]:
    rest = ""
    for portion in portions(path, encoding):
        *whole, rest = _PARAGRAPH_END.split(rest + portion)
        for paragraph in whole:
            yield Block(text=paragraph)
        while len(rest) > 2 * MAX_BLOCK_CHARACTERS:
            cut = max(rest.rfind("\n", 0, MAX_BLOCK_CHARACTERS), rest.rfind(" ", 0, MAX_BLOCK_CHARACTERS), 0)
            cut = cut or MAX_BLOCK_CHARACTERS
            yield Block(text=rest[:cut])
            rest = rest[cut:]
    yield Block(text=rest)
