"""Files of many rows: written in bounded memory, over several sheets, stopped when asked."""

import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest

from application.reports.contents import Column, Kind, Language, ReportContents, Table
from domain.errors import RunCancelled
from infrastructure.artifacts.pdf import PdfReportWriter
from infrastructure.artifacts.xlsx import XlsxReportWriter
from infrastructure.artifacts.xlsx_cells import MOST_CHARACTERS, bounded

ROOT = Path(__file__).parents[2]
MEGABYTE = 1_000_000


def a_report(count: int, value: str = "a.pdf") -> ReportContents:
    columns = [Column(heading="Filename", width=20), Column(heading="Pages", kind=Kind.COUNT)]
    rows = ((value, number) for number in range(count))
    table = Table(title="Documents", columns=columns, rows=rows, if_empty="There are none.")
    return ReportContents(
        title="Inventory",
        subtitle=["All"],
        language=Language.ENGLISH,
        made_at=datetime(2026, 1, 1, tzinfo=UTC),
        blocks=[table],
    )


def last_block(package: Path, name: str) -> bytes:
    """Return the end of a file in a package, without all of it in memory."""
    last = b""
    with zipfile.ZipFile(package) as opened, opened.open(name) as file:
        while block := file.read(MEGABYTE):
            last = last[-MEGABYTE:] + block
    return last


@pytest.mark.parametrize(("kind", "count"), [("xlsx", 100_000), ("pdf", 3_000)])
def test_many_rows_are_written_in_bounded_memory(tmp_path: Path, kind: str, count: int) -> None:
    path = tmp_path / "file"
    command = [sys.executable, "-m", "tests.support.large_report", kind, str(count), str(path)]
    peak = int(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    assert peak < 200 * MEGABYTE, f"{peak / MEGABYTE:.0f} MB"
    if kind == "xlsx":
        assert last_block(path, "xl/worksheets/sheet2.xml").rfind(f'<row r="{count + 1}"'.encode()) > 0


def test_what_a_sheet_cannot_hold_goes_on_in_the_next(tmp_path: Path) -> None:
    path = tmp_path / "file.xlsx"
    XlsxReportWriter(most_rows=11).write(a_report(25), path, check=lambda: None)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Summary", "Documents", "Documents (2)", "Documents (3)"]
    numbers = [row[1] for name in book.sheetnames[1:] for row in book[name].iter_rows(min_row=2, values_only=True)]
    assert numbers == list(range(25))
    assert [book[name].auto_filter.ref for name in book.sheetnames[1:]] == ["A1:B11", "A1:B11", "A1:B6"]


def test_a_sheet_that_is_just_full_is_not_followed_by_an_empty_one(tmp_path: Path) -> None:
    path = tmp_path / "file.xlsx"
    XlsxReportWriter(most_rows=11).write(a_report(10), path, check=lambda: None)
    assert openpyxl.load_workbook(path).sheetnames == ["Summary", "Documents"]


@pytest.mark.parametrize("writer", [XlsxReportWriter(), PdfReportWriter()])
def test_a_writer_stops_in_the_middle_when_it_is_told_to(
    tmp_path: Path, writer: XlsxReportWriter | PdfReportWriter
) -> None:
    asked = 0

    def check() -> None:
        nonlocal asked
        asked += 1
        if asked == 3:
            raise RunCancelled

    with pytest.raises(RunCancelled):
        writer.write(a_report(100_000), tmp_path / "file", check=check)


def test_a_text_that_no_cell_can_hold_ends_in_a_sign() -> None:
    assert bounded("a" * MOST_CHARACTERS) == "a" * MOST_CHARACTERS
    assert bounded("a" * 40_000) == "a" * (MOST_CHARACTERS - 1) + "…"
    assert bounded("🎉" * 20_000) == "🎉" * 16_383 + "…"


def test_a_text_that_is_too_long_for_a_row_is_cut_and_the_pages_go_on(tmp_path: Path) -> None:
    path = tmp_path / "file.pdf"
    report = a_report(40, "word " * 2000)
    PdfReportWriter().write(replace(report, is_wide=True), path, check=lambda: None)
    assert path.read_bytes().startswith(b"%PDF")
