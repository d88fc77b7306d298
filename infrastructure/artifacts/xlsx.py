"""Writes reports as spreadsheets (XLSX), row by row to disk, so that memory does not grow with them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from application.reports.contents import Chart, Column, Facts, Kind, Passages, ReportContents, Table
from application.reports.words import say
from infrastructure.artifacts.xlsx_cells import DAYS, CellFormats, bounded, height_of, write_cell, write_highlighted
from infrastructure.artifacts.xlsx_charts import add_chart

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# Of Excel, with the header.
MOST_ROWS = 1_048_576
CHECK_EVERY = 200
CHART_ROWS = 17
A4 = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class XlsxReportWriter:
    """Implements application/ports/report_writer.py. `most_rows` is how many a sheet has; then another goes on."""

    most_rows: int = MOST_ROWS
    content_type: str = CONTENT_TYPE

    def write(self, report: ReportContents, target: Path, *, check: Callable[[], None]) -> None:
        """Write a sheet with title, figures and charts, and one for each table."""
        options = {
            "constant_memory": True,
            "tmpdir": str(target.parent),
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "remove_timezone": True,
        }
        with Workbook(str(target), options) as workbook:
            workbook.set_properties(
                {"title": report.title, "author": "Esteira", "created": report.made_at.replace(tzinfo=None)}
            )
            _Book(workbook=workbook, report=report, most_rows=self.most_rows, check=check).write()


@dataclass(slots=True, kw_only=True)
class _Book:
    workbook: Any
    report: ReportContents
    most_rows: int
    check: Callable[[], None]
    formats: CellFormats = field(init=False)
    places: dict[int, tuple[str, int]] = field(default_factory=dict)
    """Of each table by identity: its first sheet, and how many rows that has."""

    def write(self) -> None:
        self.formats = CellFormats(self.workbook, self.report.language)
        summary = self.workbook.add_worksheet(say(self.report.language, "Summary"))
        line = self._head(summary)
        for block in self.report.blocks:
            if isinstance(block, Facts):
                line = self._facts(summary, block, line)
        for block in self.report.blocks:
            if isinstance(block, Table):
                self._table(block)
            elif isinstance(block, Passages):
                self._table(block.table, passages=block)
        day = DAYS[self.report.language]
        for block in self.report.blocks:
            if isinstance(block, Chart):
                sheet, rows = self.places[id(block.table)]
                add_chart(self.workbook, summary, block, sheet=sheet, rows=rows, line=line, day_format=day)
                line += CHART_ROWS

    def _head(self, sheet: Worksheet) -> int:
        sheet.hide_gridlines(2)
        sheet.set_paper(A4)
        sheet.fit_to_pages(1, 0)
        sheet.set_column(0, 0, 34)
        sheet.set_column(1, 1, 16)
        sheet.set_column(2, 6, 12)
        sheet.set_row(0, 26)
        sheet.write_string(0, 0, self.report.title, self.formats.title)
        for line, text in enumerate(self.report.subtitle, start=1):
            sheet.write_string(line, 0, bounded(text), self.formats.subtitle)
        return len(self.report.subtitle) + 2

    def _facts(self, sheet: Worksheet, facts: Facts, line: int) -> int:
        for fact in facts.facts:
            sheet.write_string(line, 0, fact.name, self.formats.of(Kind.TEXT))
            write_cell(sheet, line, 1, fact.value, fact.kind, formats=self.formats)
            line += 1
        return line + 1

    def _table(self, table: Table, *, passages: Passages | None = None) -> None:
        sheet = self._sheet(table, 1)
        number = line = 1
        for count, row in enumerate(table.rows):
            if count % CHECK_EVERY == 0:
                self.check()
            if line == self.most_rows:
                self._end(sheet, table.columns, line)
                number += 1
                sheet, line = self._sheet(table, number), 1
            if passages:
                sheet.set_row(
                    line, height_of(str(row[passages.text_column]), table.columns[passages.text_column].width)
                )
            for place, (value, column) in enumerate(zip(row, table.columns, strict=True)):
                if passages and place == passages.text_column:
                    spans = passages.passages[count].highlights
                    write_highlighted(sheet, line, place, str(value), spans, formats=self.formats)
                else:
                    write_cell(sheet, line, place, value, column.kind, formats=self.formats)
            line += 1
            if number == 1:
                self.places[id(table)] = (sheet.get_name(), line - 1)
        if line == 1:
            sheet.write_string(1, 0, table.if_empty, self.formats.subtitle)
            return
        self._end(sheet, table.columns, line)

    def _sheet(self, table: Table, number: int) -> Worksheet:
        sheet = self.workbook.add_worksheet(table.title if number == 1 else f"{table.title} ({number})")
        sheet.freeze_panes(1, 0)
        sheet.set_landscape()
        sheet.set_paper(A4)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        for place, column in enumerate(table.columns):
            # Room for the arrow of the filter.
            sheet.set_column(place, place, max(column.width, len(column.heading) + 4))
        for place, column in enumerate(table.columns):
            sheet.write_string(0, place, column.heading, self.formats.heading)
        return sheet

    def _end(self, sheet: Worksheet, columns: Sequence[Column], line: int) -> None:
        sheet.autofilter(0, 0, line - 1, len(columns) - 1)
