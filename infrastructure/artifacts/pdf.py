"""Writes reports as printed pages (PDF), page by page."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from application.reports.contents import Block, Chart, Facts, Language, Passages, ReportContents, Table
from infrastructure.artifacts.pdf_charts import draw_chart
from infrastructure.artifacts.pdf_pages import BAND, INK, NAVY, SOFT, Pages
from infrastructure.artifacts.pdf_passages import draw_passages
from infrastructure.artifacts.pdf_tables import draw_table
from infrastructure.artifacts.pdf_text import BOLD, REGULAR, lines_of, printable
from infrastructure.artifacts.pdf_values import shown

FACT_HEIGHT = 38.0
FACT_WIDTH = 120.0
NAME_LEADING = 9.0
FACT_GAP = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfReportWriter:
    """Implements application/ports/report_writer.py."""

    content_type: str = "application/pdf"

    def write(self, report: ReportContents, target: Path, *, check: Callable[[], None]) -> None:
        """Write the pages."""
        pages = Pages(target, report, check=check)
        _head(pages, report)
        for block in report.blocks:
            check()
            _draw(pages, block, report.language)
        pages.close()


def _draw(pages: Pages, block: Block, language: Language) -> None:
    match block:
        case Facts():
            _facts(pages, block, language)
        case Table():
            draw_table(pages, block, language)
        case Chart():
            draw_chart(pages, block, language)
        case Passages():
            draw_passages(pages, block)


def _head(pages: Pages, report: ReportContents) -> None:
    pages.y -= 18
    pages.text(pages.left, pages.y, printable(report.title), font=BOLD, size=20, colour=NAVY)
    pages.y -= 6
    for text in report.subtitle:
        for line in lines_of(printable(text), REGULAR, 9, pages.room, most=6):
            pages.y -= 13
            pages.text(pages.left, pages.y, line, size=9, colour=SOFT)
    pages.y -= 12
    pages.canvas.setStrokeColor(NAVY)
    pages.canvas.setLineWidth(1.2)
    pages.canvas.line(pages.left, pages.y, pages.right, pages.y)
    pages.y -= 4


def _facts(pages: Pages, facts: Facts, language: Language) -> None:
    """Draw a box for each, as many in a row as there is room for."""
    in_row = max(1, int((pages.room + FACT_GAP) / (FACT_WIDTH + FACT_GAP)))
    width = (pages.room - FACT_GAP * (in_row - 1)) / in_row
    names = [lines_of(printable(fact.name), REGULAR, 7.5, width - 16, most=2) for fact in facts.facts]
    height = FACT_HEIGHT + NAME_LEADING * (max(map(len, names), default=1) - 1)
    pages.y -= 8
    for first in range(0, len(facts.facts), in_row):
        pages.need(height)
        for place, fact in enumerate(facts.facts[first : first + in_row]):
            x = pages.left + place * (width + FACT_GAP)
            pages.canvas.setFillColor(BAND)
            pages.canvas.roundRect(x, pages.y - height, width, height, 3, stroke=0, fill=1)
            value = shown(fact.value, fact.kind, language)
            pages.text(x + 8, pages.y - 17, value, font=BOLD, size=13, colour=INK)
            for number, line in enumerate(names[first + place]):
                pages.text(x + 8, pages.y - 30 - number * NAME_LEADING, line, size=7.5, colour=SOFT)
        pages.y -= height + FACT_GAP
