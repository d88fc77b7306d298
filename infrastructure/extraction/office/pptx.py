"""PPTX, slide by slide, with lxml; pictures are never opened.

Hidden slides are read like the others. Left out: comments, and what layouts and masters print on every slide (footers,
dates, slide numbers). A table's row is a line; charts give their numbers, diagrams their words.
"""

from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from infrastructure.extraction.archive import Archive
from infrastructure.extraction.detection import Format
from infrastructure.extraction.limits import ExtractionLimits
from infrastructure.extraction.office.charts import chart_blocks
from infrastructure.extraction.office.package import SLIDES_MAIN, Related, main_part, reference, related
from infrastructure.extraction.office.reading_order import Placed, in_reading_order
from infrastructure.extraction.office.slide_layout import Layouts, box_of, placeholder_type
from infrastructure.extraction.office.slides import Slide, SlideReading, check_count
from infrastructure.extraction.pieces import CELL_SEPARATOR, Block
from infrastructure.extraction.text.text_cleaning import one_line
from infrastructure.extraction.xml_source import child, elements, local, root_of

SHAPES = {"sp", "grpSp", "graphicFrame", "cxnSp", "pic"}
TITLES = {"title", "ctrTitle"}
REPEATED = {"dt", "ftr", "hdr", "sldNum", "sldImg"}


def open_pptx(path: Path, limits: ExtractionLimits) -> SlideReading:
    """Open a PPTX. Raises DocumentUnreadable: too_large_unpacked, corrupt, encrypted, no_text, too_many_pages."""
    archive = Archive(path, limits)
    archive.check_directory()
    parts = _slide_parts(archive)
    layouts = Layouts(archive)

    def slides() -> Iterator[Slide]:
        return (_Slide(archive, part, layouts).blocks for part in parts)

    return SlideReading(media_type=Format.PPTX, page_count=check_count(len(parts), limits), slides=slides)


def _slide_parts(archive: Archive) -> list[str]:
    main = main_part(archive, SLIDES_MAIN, usual="ppt/presentation.xml")
    slides = {found.id: found.part for found in related(archive, main) if found.kind == "slide"}
    order = [reference(element) for element in elements(archive.open(main), "sldId")]
    return [slides[name] for name in order if name in slides] or list(slides.values())


class _Slide:
    """One slide of a presentation."""

    def __init__(self, archive: Archive, part: str, layouts: Layouts) -> None:
        self._archive = archive
        self._part = part
        self._layouts = layouts
        self._related: list[Related] = []

    def blocks(self) -> Iterator[Block]:
        """Yield the title, the other shapes in reading order, the notes."""
        self._related = related(self._archive, self._part)
        tree = child(root_of(self._archive.open(self._part)), "cSld", "spTree")
        if tree is not None:
            yield from self._shapes(tree, self._first("slideLayout"))
        if notes := self._first("notesSlide"):
            tree = child(root_of(self._archive.open(notes)), "cSld", "spTree")
            for shape in _shapes_in(tree) if tree is not None else ():
                if placeholder_type(shape) == "body":
                    yield from _text_blocks(shape, level=None)

    def _first(self, kind: str) -> str | None:
        return next((found.part for found in self._related if found.kind == kind), None)

    def _shapes(self, tree: etree._Element, layout: str | None) -> Iterator[Block]:
        shapes = [shape for shape in _shapes_in(tree) if placeholder_type(shape) not in REPEATED]
        titles = [shape for shape in shapes if placeholder_type(shape) in TITLES]
        for title in titles:
            yield from _text_blocks(title, level=1)
        others = [shape for shape in shapes if shape not in titles and local(shape) != "pic"]
        placed = [Placed(shape, box_of(shape) or self._layouts.box_of(shape, layout)) for shape in others]
        for shape in in_reading_order(placed):
            yield from self._shape(shape, layout)

    def _shape(self, shape: etree._Element, layout: str | None) -> Iterator[Block]:
        if local(shape) == "grpSp":
            yield from self._shapes(shape, layout)
        elif local(shape) == "graphicFrame":
            yield from self._graphic(shape)
        else:
            yield from _text_blocks(shape, level=None)

    def _graphic(self, frame: etree._Element) -> Iterator[Block]:
        data = child(frame, "graphic", "graphicData")
        for inner in data if data is not None else ():
            part = next((r.part for r in self._related if r.id in {reference(inner), reference(inner, "dm")}), None)
            if local(inner) == "tbl":
                yield from _table(inner)
            elif local(inner) == "chart" and part:
                yield from chart_blocks(root_of(self._archive.open(part)))
            elif local(inner) == "relIds" and part:
                for text in root_of(self._archive.open(part)).iterfind(".//{*}pt/{*}t"):
                    yield Block(text=_lines(text), tight=True)


def _shapes_in(tree: etree._Element) -> Iterator[etree._Element]:
    """Yield the shapes of a tree or group, of alternatives the first."""
    for inner in tree:
        if local(inner) in SHAPES:
            yield inner
        elif local(inner) == "AlternateContent" and len(inner):
            yield from _shapes_in(inner[0])


def _text_blocks(shape: etree._Element, *, level: int | None) -> Iterator[Block]:
    body = child(shape, "txBody")
    if body is not None:
        yield Block(text=one_line(_lines(body)) if level else _lines(body), level=level)


def _lines(body: etree._Element) -> str:
    """Return a text body, a line a paragraph."""
    return "\n".join(_line(inner) for inner in body if local(inner) == "p")


def _line(paragraph: etree._Element) -> str:
    return "".join((part.text or "") if local(part) == "t" else "\n" for part in paragraph.iter("{*}t", "{*}br"))


def _table(table: etree._Element) -> Iterator[Block]:
    for row in table.iterchildren("{*}tr"):
        cells = [one_line(" ".join(_lines(body) for body in cell)) for cell in row.iterchildren("{*}tc")]
        if any(cells):
            yield Block(text=CELL_SEPARATOR.join(cells), tight=True)
