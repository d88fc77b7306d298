"""Tables on printed pages: a row is never torn apart, and each page repeats the header."""

from collections.abc import Sequence

from application.reports.contents import Cell, Column, Kind, Language, Table
from infrastructure.artifacts.pdf_pages import BAND, INK, NAVY, RULE, SOFT, Pages
from infrastructure.artifacts.pdf_text import BOLD, REGULAR, lines_of, printable, width_of
from infrastructure.artifacts.pdf_values import RIGHT, shown

SIZE, LEADING, PADDING = 7.5, 9.6, 3.2
# On both sides of a cell.
INSET = 4.6
_NEVER_BROKEN = {Kind.INSTANT: "00/00/0000 00:00", Kind.DAY: "00/00/0000"}
# A row is never higher than half a page; what is longer ends in ….
MOST_LINES = 12
# With the header, so many stay together.
ROWS_WITH_TITLE = 3


def draw_table(pages: Pages, table: Table, language: Language) -> None:
    """Draw the title, the header and the rows, on as many pages as there have to be."""
    pages.section(table.title, with_height=(ROWS_WITH_TITLE + 1) * (LEADING + 2 * PADDING))
    grid = _Grid(pages, [column for column in table.columns if column.in_print])
    places = [place for place, column in enumerate(table.columns) if column.in_print]
    count = 0
    for row in table.rows:
        if count == 0:
            grid.header()
        grid.row([row[place] for place in places], language, is_banded=count % 2 == 1)
        count += 1
    if count == 0:
        pages.y -= LEADING
        pages.text(pages.left, pages.y, printable(table.if_empty), size=8.5, colour=SOFT)


class _Grid:
    """The columns over the page's width, shared out by what they ask for; none is narrower than its heading's words."""

    def __init__(self, pages: Pages, columns: Sequence[Column]) -> None:
        self._pages = pages
        self._columns = columns
        total = sum(column.width for column in columns)
        least = [_least(column) for column in columns]
        rest = pages.room - sum(least)
        self._widths = [low + rest * column.width / total for low, column in zip(least, columns, strict=True)]
        self._headings = [
            lines_of(printable(column.heading), BOLD, SIZE, width - 2 * INSET + 0.5)
            for column, width in zip(columns, self._widths, strict=True)
        ]

    def header(self) -> None:
        """Draw the header."""
        height = max(map(len, self._headings)) * LEADING + 2 * PADDING
        self._pages.canvas.setFillColor(NAVY)
        self._pages.canvas.rect(self._pages.left, self._pages.y - height, self._pages.room, height, stroke=0, fill=1)
        self._cells(self._headings, font=BOLD, colour="#FFFFFF")
        self._pages.y -= height

    def row(self, values: Sequence[Cell], language: Language, *, is_banded: bool) -> None:
        """Draw a row, on a new page under a header where it has no room."""
        cells = [
            lines_of(shown(value, column.kind, language), REGULAR, SIZE, width - 2 * INSET, most=MOST_LINES)
            for value, column, width in zip(values, self._columns, self._widths, strict=True)
        ]
        height = max(map(len, cells)) * LEADING + 2 * PADDING
        pages = self._pages
        if pages.need(height):
            self.header()
        if is_banded:
            pages.canvas.setFillColor(BAND)
            pages.canvas.rect(pages.left, pages.y - height, pages.room, height, stroke=0, fill=1)
        self._cells(cells, font=REGULAR, colour=INK)
        pages.y -= height
        pages.canvas.setStrokeColor(RULE)
        pages.canvas.setLineWidth(0.4)
        pages.canvas.line(pages.left, pages.y, pages.right, pages.y)

    def _cells(self, cells: Sequence[Sequence[str]], *, font: str, colour: object) -> None:
        x = self._pages.left
        for lines, column, width in zip(cells, self._columns, self._widths, strict=True):
            base = self._pages.y - PADDING - SIZE
            for line in lines:
                if column.kind in RIGHT:
                    self._pages.text_right(x + width - INSET, base, line, font=font, size=SIZE, colour=colour)
                else:
                    self._pages.text(x + INSET, base, line, font=font, size=SIZE, colour=colour)
                base -= LEADING
            x += width


def _least(column: Column) -> float:
    words = [*printable(column.heading).split(), _NEVER_BROKEN.get(column.kind, "")]
    return max(width_of(word, BOLD, SIZE) for word in words) + 2 * INSET + 0.5
