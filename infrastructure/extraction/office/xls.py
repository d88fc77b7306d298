"""Old Excel workbooks (XLS) by calamine, which reads Excel 5 to 2003."""

from collections.abc import Iterator
from datetime import date, time, timedelta
from pathlib import Path

import python_calamine as calamine

from domain.failure import DocumentUnreadable, FailureCode
from infrastructure.extraction.detection import Format
from infrastructure.extraction.office.cell_values import duration_text, moment_text, number_text
from infrastructure.extraction.office.sheets import Row, sheet_blocks
from infrastructure.extraction.pieces import Block, PieceReading


def open_xls(path: Path) -> PieceReading:
    """Open an XLS. Raises DocumentUnreadable: corrupt, encrypted."""
    try:
        workbook = calamine.load_workbook(path)
    except calamine.PasswordError as exc:
        raise DocumentUnreadable(FailureCode.ENCRYPTED) from exc
    except calamine.CalamineError as exc:
        raise DocumentUnreadable(FailureCode.CORRUPT) from exc
    return PieceReading(media_type=Format.XLS, blocks=_blocks(workbook))


def _blocks(workbook: calamine.CalamineWorkbook) -> Iterator[Block]:
    for sheet in workbook.sheets_metadata:
        if sheet.typ is calamine.SheetTypeEnum.WorkSheet:
            try:
                yield from sheet_blocks(sheet.name, _rows(workbook.get_sheet_by_name(sheet.name)))
            except calamine.CalamineError as exc:
                raise DocumentUnreadable(FailureCode.CORRUPT) from exc


def _rows(sheet: calamine.CalamineSheet) -> Iterator[Row]:
    for row in sheet.iter_rows():
        yield [(column, _text(cell)) for column, cell in enumerate(row) if cell != ""]


def _text(cell: str | float | bool | date | time | timedelta) -> str:
    match cell:
        case str():
            return cell
        case bool():
            return "TRUE" if cell else "FALSE"
        case int() | float():
            return number_text(float(cell))
        case timedelta():
            return duration_text(cell)
        case _:
            return moment_text(cell)
