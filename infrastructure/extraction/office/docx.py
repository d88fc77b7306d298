"""DOCX, streamed block by block from the main part of the package, with lxml.

Left out: tracked deletions and comments. Footnotes and endnotes follow the paragraph that refers to them; text boxes
follow the paragraph they hang on; headers and footers come once, at the end. A table's row is a line, its cells ` | `
apart.
"""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from lxml import etree

from infrastructure.extraction.archive import Archive
from infrastructure.extraction.detection import Format
from infrastructure.extraction.limits import ExtractionLimits
from infrastructure.extraction.office.docx_styles import Styles, read_styles
from infrastructure.extraction.office.package import WORD_MAIN, main_part, related
from infrastructure.extraction.pieces import CELL_SEPARATOR, Block, PieceReading, once
from infrastructure.extraction.text.text_cleaning import one_line
from infrastructure.extraction.xml_source import events, free, local, root_of, value

SKIPPED = {"del", "moveFrom", "Fallback", "rPr", "pPr", "instrText", "delText", "tblPr", "tcPr", "trPr", "sdtPr", "rt"}
LITERAL = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
NOTES = {"footnoteReference": "footnotes", "endnoteReference": "endnotes"}


def open_docx(path: Path, limits: ExtractionLimits) -> PieceReading:
    """Open a DOCX. Raises DocumentUnreadable: too_large_unpacked, corrupt, encrypted."""
    archive = Archive(path, limits)
    archive.check_directory()
    main = main_part(archive, WORD_MAIN, usual="word/document.xml")
    folder = main.rpartition("/")[0]
    styles = read_styles(archive, f"{folder}/styles.xml")
    notes = {kind: _read_notes(archive, f"{folder}/{kind}.xml", styles) for kind in NOTES.values()}
    body = _Body(styles, notes)
    margins = (block for part in _margins(archive, main) for block in body.of_children(root_of(archive.open(part))))
    blocks = chain(body.blocks(events(archive.open(main))), once(margins))
    return PieceReading(media_type=Format.DOCX, blocks=blocks)


class _Body:
    """Turns the elements of a body into blocks."""

    def __init__(self, styles: Styles, notes: dict[str, dict[str, str]]) -> None:
        self._styles = styles
        self._notes = notes

    def blocks(self, stream: Iterator[tuple[str, etree._Element]]) -> Iterator[Block]:
        """Yield the blocks of a part, freeing each of its topmost elements when it was read."""
        depth = 0
        for event, element in stream:
            depth += 1 if event == "start" else -1
            if event == "end" and depth == 2:  # noqa: PLR2004 - root, body, block
                yield from self.of(element)
                free(element)

    def of(self, element: etree._Element) -> Iterator[Block]:
        """Yield the blocks of an element that may hold some."""
        name = local(element)
        if name == "p":
            yield from self._paragraph(element)
        elif name == "tbl":
            yield from self._table(element)
        elif name not in SKIPPED:
            for inner in element:
                yield from self.of(inner)

    def _paragraph(self, paragraph: etree._Element) -> Iterator[Block]:
        text = _Text()
        aside: list[etree._Element] = []
        _collect(paragraph, text, aside)
        level, listed = self._styles.of_paragraph(paragraph)
        content = "".join(text.parts)
        if content.strip():
            yield Block(text=f"- {content}" if listed and not level else content, level=level, tight=listed)
        for box in aside:
            yield from self.of(box)
        for kind, note_id in text.notes:
            if note := self._notes[kind].get(note_id):
                yield Block(text=note)

    def _table(self, table: etree._Element) -> Iterator[Block]:
        for row in _inner(table, "tr"):
            cells = list(_inner(row, "tc"))
            if len(cells) == 1:  # a frame around text rather than a table
                yield from self.of_children(cells[0])
                continue
            texts = [one_line(" ".join(block.text for block in self.of_children(cell))) for cell in cells]
            if any(texts):
                yield Block(text=CELL_SEPARATOR.join(texts), tight=True)

    def of_children(self, element: etree._Element) -> Iterator[Block]:
        """Yield the blocks within an element."""
        for inner in element:
            yield from self.of(inner)


class _Text:
    def __init__(self) -> None:
        self.parts: list[str] = []
        self.notes: list[tuple[str, str]] = []


def _collect(element: etree._Element, text: _Text, aside: list[etree._Element]) -> None:
    """Gather a paragraph's text; text boxes, which are blocks of their own, are put aside."""
    for inner in element:
        name = local(inner)
        if name == "t":
            text.parts.append(inner.text or "")
        elif name in LITERAL:
            text.parts.append(LITERAL[name])
        elif name == "txbxContent":
            aside.append(inner)
        elif name in NOTES:
            text.notes.append((NOTES[name], value(inner, "id") or ""))
        elif name not in SKIPPED:
            _collect(inner, text, aside)


def _inner(element: etree._Element, wanted: str) -> Iterator[etree._Element]:
    """Yield rows of a table or cells of a row, also those within content controls and tracked insertions."""
    for inner in element:
        name = local(inner)
        if name == wanted:
            yield inner
        elif name not in SKIPPED:
            yield from _inner(inner, wanted)


def _margins(archive: Archive, main: str) -> list[str]:
    """Return the parts with headers, then those with footers."""
    found = related(archive, main)
    return [entry.part for kind in ("header", "footer") for entry in found if entry.kind == kind]


def _read_notes(archive: Archive, part: str, styles: Styles) -> dict[str, str]:
    """Read the notes of a part by their ids, each as a line."""
    body = _Body(styles, {kind: {} for kind in NOTES.values()})  # a note has no notes
    notes: dict[str, str] = {}
    if part not in archive.names:
        return notes
    for event, element in events(archive.open(part)):
        if event == "end" and local(element) in {"footnote", "endnote"}:
            notes[value(element, "id") or ""] = one_line(" ".join(block.text for block in body.of_children(element)))
            element.clear()
    return notes
