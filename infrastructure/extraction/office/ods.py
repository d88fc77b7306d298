"""ODS, streamed row by row with lxml. Rows and cells that stand for millions of empty ones cost nothing.

Hidden sheets are read like the others. Left out: charts, comments, the formulas behind the values.
"""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from lxml import etree

from infrastructure.extraction.archive import Archive
from infrastructure.extraction.detection import Format
from infrastructure.extraction.limits import ExtractionLimits
from infrastructure.extraction.office.cell_values import number_text
from infrastructure.extraction.office.odf import CONTENT, MAX_REPEATED, cells_in, open_package, paragraphs, repeated
from infrastructure.extraction.office.sheets import Row, sheet_blocks
from infrastructure.extraction.pieces import Block, PieceReading
from infrastructure.extraction.xml_source import events, free, local, value

MAX_COLUMNS = 16_384


def open_ods(path: Path, limits: ExtractionLimits) -> PieceReading:
    """Open an ODS. Raises DocumentUnreadable: too_large_unpacked, corrupt, encrypted."""
    return PieceReading(media_type=Format.ODS, blocks=_blocks(open_package(path, limits)))


def _blocks(archive: Archive) -> Iterator[Block]:
    for (_, name), rows in groupby(_rows(archive), key=itemgetter(0)):
        yield from sheet_blocks(name, (row for _, row in rows))


def _rows(archive: Archive) -> Iterator[tuple[tuple[int, str], Row]]:
    """Yield the rows that hold something, each with its sheet's number and name."""
    sheet = (0, "")
    for event, element in events(archive.open(CONTENT), "table", "table-row"):
        if event == "start" and local(element) == "table":
            sheet = (sheet[0] + 1, value(element, "name") or "")
        elif event == "end" and local(element) == "table-row":
            if row := _row(element):
                for _ in range(repeated(element, "number-rows-repeated")):
                    yield sheet, row
            free(element)


def _row(row: etree._Element) -> Row:
    column, found = 0, []
    for cell in cells_in(row):
        times = repeated(cell, "number-columns-repeated", most=MAX_COLUMNS)
        if len(cell) and (text := _text(cell)):
            found += [(column + further, text) for further in range(min(times, MAX_REPEATED))]
        column += times
        if column > MAX_COLUMNS:
            break
    return found


def _text(cell: etree._Element) -> str:
    kind = value(cell, "value-type")
    if kind == "date" and (moment := value(cell, "date-value")):
        return moment.partition(".")[0].replace("T", " ").removesuffix(" 00:00:00")
    if kind == "float" and (raw := value(cell, "value")):
        try:
            return number_text(float(raw))
        except (ValueError, OverflowError):
            return raw
    return " ".join(paragraphs(cell))
