"""ODP, slide by slide, with lxml; pictures are never opened. Hidden slides are read like the others."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from lxml import etree

from infrastructure.extraction.detection import Format
from infrastructure.extraction.limits import ExtractionLimits
from infrastructure.extraction.office.odf import CONTENT, open_package, paragraphs, table_lines
from infrastructure.extraction.office.reading_order import Box, Placed, in_reading_order
from infrastructure.extraction.office.slides import Slide, SlideReading, check_count
from infrastructure.extraction.pieces import CELL_SEPARATOR, Block
from infrastructure.extraction.text.text_cleaning import one_line
from infrastructure.extraction.xml_source import child, elements, local, value

REPEATED = {"header", "footer", "date-time", "page-number"}
NOT_SHAPES = {"notes", "forms", "animations", "par", "annotation"}
MILLIMETRES = {"mm": 1, "cm": 10, "in": 25.4, "pt": 25.4 / 72, "pc": 25.4 / 6, "px": 25.4 / 96}


def open_odp(path: Path, limits: ExtractionLimits) -> SlideReading:
    """Open an ODP. Raises DocumentUnreadable: too_large_unpacked, corrupt, encrypted, no_text, too_many_pages."""
    count = sum(1 for _ in elements(open_package(path, limits).open(CONTENT), "page"))

    def slides() -> Iterator[Slide]:
        pages = elements(open_package(path, limits).open(CONTENT), "page")
        return (partial(_slide_blocks, page) for page in pages)

    return SlideReading(media_type=Format.ODP, page_count=check_count(count, limits), slides=slides)


def _slide_blocks(page: etree._Element) -> Iterator[Block]:
    """Yield the title, the other shapes in reading order, the notes."""
    shapes = [shape for shape in page if local(shape) not in NOT_SHAPES and value(shape, "class") not in REPEATED]
    titles = [shape for shape in shapes if value(shape, "class") == "title"]
    for title in titles:
        yield Block(text=one_line(" ".join(paragraphs(title))), level=1)
    yield from _in_order([shape for shape in shapes if shape not in titles])
    notes = child(page, "notes")
    for shape in notes if notes is not None else ():
        if value(shape, "class") == "notes":
            yield Block(text="\n".join(paragraphs(shape)))


def _in_order(shapes: list[etree._Element]) -> Iterator[Block]:
    for shape in in_reading_order([Placed(shape, _box(shape)) for shape in shapes]):
        table = child(shape, "table")
        if table is not None:
            for cells in table_lines(table):
                yield Block(text=CELL_SEPARATOR.join(cells) if any(cells) else "", tight=True)
        elif local(shape) == "g":
            yield from _in_order(list(shape))
        else:
            yield Block(text="\n".join(paragraphs(shape)))


def _box(shape: etree._Element) -> Box | None:
    left, top, width, height = (_length(value(shape, name)) for name in ("x", "y", "width", "height"))
    if left is None or top is None or width is None or height is None:
        return None
    return Box(left=left, top=top, width=width, height=height)


def _length(text: str | None) -> float | None:
    """Return a length such as `2.5cm` in millimetres."""
    try:
        return float(text[:-2]) * MILLIMETRES[text[-2:]] if text else None
    except (ValueError, KeyError):
        return None
