"""XML of any kind: its text in document order, streamed.

A paragraph is an element with text of its own, and whatever stands within that text. Short values bear the name of
their element, empty elements their attributes, and titles are headings.
"""

from collections.abc import Iterator
from html.entities import name2codepoint
from pathlib import Path

from lxml import etree

from infrastructure.extraction.detection import Format
from infrastructure.extraction.pieces import MAX_LEVEL, Block, PieceReading
from infrastructure.extraction.text.text_cleaning import one_line
from infrastructure.extraction.xml_source import events, local

TITLES = {"title", "head", "heading", "subtitle", "article-title"}
PROSE = TITLES | {"p", "para", "simpara", "paragraph", "text", "t", "l", "s", "ab", "li", "item", "span", "div", "body"}
MAX_VALUE_CHARACTERS = 200
MAX_LINE_CHARACTERS = 2_000
MAX_PARAGRAPH_CHARACTERS = 8_000


def open_xml(path: Path) -> PieceReading:
    """Open XML, whose encoding its parser finds by itself."""
    return PieceReading(media_type=Format.XML, blocks=_blocks(path))


def _blocks(path: Path) -> Iterator[Block]:
    with path.open("rb") as file:
        yield from _Paragraphs().blocks(events(file, allow_doctype=True))


class _Paragraphs:
    """Gathers one paragraph after the other.

    An element stands within a paragraph if its parent has text. That may only show behind the element, so a paragraph
    ends with the first event before which there is no text.
    """

    def __init__(self) -> None:
        self._has_text: list[bool] = []  # for each open element
        self._parts: list[str] = []
        self._size = 0
        self._names: set[str] = set()
        self._level = 0

    def blocks(self, stream: Iterator[tuple[str, etree._Element]]) -> Iterator[Block]:
        """Yield the paragraphs, freeing each element when it was read."""
        for event, element in stream:
            before = _text_before(event, element)
            if before.strip():
                self._add(before, element if event == "end" else element.getparent())
            elif any(self._has_text):
                self._parts.append(before)
            else:
                yield from self._flush()
            if self._size > MAX_PARAGRAPH_CHARACTERS:
                yield from self._flush()
            if event == "start":
                _forget_previous(element)
                self._has_text.append(False)
                continue
            if line := _attributes(element):
                yield from self._flush()
                yield Block(text=line, tight=True)
            self._has_text.pop()
            element[:] = []
        yield from self._flush()

    def _add(self, text: str, container: etree._Element) -> None:
        self._has_text[-1] = True
        self._parts.append(text)
        self._size += len(text)
        self._names.add(local(container))
        self._level = len(self._has_text) - 1

    def _flush(self) -> Iterator[Block]:
        text, names = one_line("".join(self._parts)), self._names
        self._parts, self._size, self._names = [], 0, set()
        if not text:
            return
        name = names.pop() if len(names) == 1 else "text"
        if name.lower() in TITLES:
            yield Block(text=text, level=max(min(self._level, MAX_LEVEL), 1))
        elif name.lower() in PROSE or len(text) > MAX_VALUE_CHARACTERS:
            yield Block(text=text)
        else:
            yield Block(text=f"{name}: {text}", tight=True)


def _text_before(event: str, element: etree._Element) -> str:
    """Return the text between an event and the one before it; references to entities stand in it as elements do."""
    if event == "start":
        container, last = element.getparent(), element.getprevious()
    else:
        container, last = element, element[-1] if len(element) else None
    parts: list[str] = []
    while last is not None:
        parts.append(last.tail or "")
        if last.tag is not etree.Entity:
            break
        parts.append(chr(name2codepoint.get(last.name, 0x20)))
        last = last.getprevious()
    else:
        parts.append("" if container is None else container.text or "")
    return "".join(reversed(parts))


def _attributes(element: etree._Element) -> str:
    """Return the attributes of an empty element, whose only content they are."""
    if len(element) or (element.text or "").strip():
        return ""
    values = [(str(key).rpartition("}")[2], one_line(str(value))) for key, value in element.attrib.items()]
    shown = [local(element), *(f"{name}: {value}" for name, value in values if value)]
    return " | ".join(shown)[:MAX_LINE_CHARACTERS] if len(shown) > 1 else ""


def _forget_previous(element: etree._Element) -> None:
    while (previous := element.getprevious()) is not None:
        element.getparent().remove(previous)
