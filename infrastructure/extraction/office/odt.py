"""ODT, streamed block by block with lxml.

A footnote follows its paragraph; headers and footers come once, at the end; a table's row is a line.
"""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from lxml import etree

from infrastructure.extraction.archive import Archive
from infrastructure.extraction.detection import Format
from infrastructure.extraction.limits import ExtractionLimits
from infrastructure.extraction.office.odf import CONTENT, cells_in, open_package, paragraphs, rows_in, skipped, text_of
from infrastructure.extraction.pieces import CELL_SEPARATOR, Block, PieceReading, once
from infrastructure.extraction.text.text_cleaning import one_line
from infrastructure.extraction.xml_source import child, elements, events, free, local, value

STYLES = "styles.xml"
MARGINS = [f"{kind}{pages}" for kind in ("header", "footer") for pages in ("", "-left", "-first")]
TITLE = "Title"  # LibreOffice keeps the English names of its own styles in every language


def open_odt(path: Path, limits: ExtractionLimits) -> PieceReading:
    """Open an ODT. Raises DocumentUnreadable: too_large_unpacked, corrupt, encrypted."""
    archive = open_package(path, limits)
    blocks = chain(_Body().blocks(events(archive.open(CONTENT))), once(_margins(archive)))
    return PieceReading(media_type=Format.ODT, blocks=blocks)


def _margins(archive: Archive) -> Iterator[Block]:
    """Yield the paragraphs of headers and footers."""
    if STYLES in archive.names:
        for margin in elements(archive.open(STYLES), *MARGINS):
            yield from (Block(text=text) for text in paragraphs(margin))


class _Body:
    """Turns the elements of a text into blocks."""

    def __init__(self) -> None:
        self._titles = {TITLE}

    def blocks(self, stream: Iterator[tuple[str, etree._Element]]) -> Iterator[Block]:
        """Yield the blocks of a text, freeing each of its topmost elements when it was read."""
        depth, in_text = 0, False
        for event, element in stream:
            depth += 1 if event == "start" else -1
            if event == "start" and depth == 3:  # noqa: PLR2004 - root, body, text
                in_text = local(element) == "text"
            elif event == "end" and depth == 3 and in_text:  # noqa: PLR2004
                yield from self._of(element)
                free(element)
            elif event == "end" and local(element) == "style" and value(element, "parent-style-name") == TITLE:
                self._titles.add(value(element, "name") or TITLE)

    def _of(self, element: etree._Element) -> Iterator[Block]:
        name = local(element)
        if name in {"p", "h"}:
            yield from self._paragraph(element)
        elif name == "list":
            yield from self._list(element)
        elif name == "table":
            yield from self._table(element)
        elif name == "note":
            body = child(element, "note-body")
            yield Block(text=one_line(" ".join(paragraphs(body))) if body is not None else "")
        elif not skipped(element) and not name.endswith("-source"):
            for inner in element:
                yield from self._of(inner)

    def _paragraph(self, element: etree._Element) -> Iterator[Block]:
        aside: list[etree._Element] = []
        yield Block(text=text_of(element, aside), level=self._level(element))
        for apart in aside:
            yield from self._of(apart)

    def _level(self, element: etree._Element) -> int | None:
        if local(element) == "p":
            return 1 if value(element, "style-name") in self._titles else None
        level = value(element, "outline-level") or ""
        return int(level) if level.isdecimal() and len(level) == 1 else 1

    def _list(self, element: etree._Element) -> Iterator[Block]:
        for item in element:
            marker = "- " if local(item) == "list-item" else ""
            for inner in item:
                for block in self._of(inner):
                    if block.level or local(inner) == "list":
                        yield block
                    else:
                        yield Block(text=marker + block.text if block.text.strip() else "", tight=True)
                        marker = ""

    def _table(self, table: etree._Element) -> Iterator[Block]:
        for row in rows_in(table):
            cells = list(cells_in(row))
            if len(cells) == 1:  # a frame around text rather than a table
                for inner in cells[0]:
                    yield from self._of(inner)
                continue
            texts = [one_line(" ".join(block.text for inner in cell for block in self._of(inner))) for cell in cells]
            if any(texts):
                yield Block(text=CELL_SEPARATOR.join(texts), tight=True)
