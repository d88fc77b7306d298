"""XLSX, streamed row by row with lxml: memory holds the shared strings and one row, whatever the sheets claim.

Hidden sheets, rows and columns are read like the others. Left out: charts, comments, the formulas behind the values.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from infrastructure.extraction.archive import Archive
from infrastructure.extraction.detection import Format
from infrastructure.extraction.limits import ExtractionLimits
from infrastructure.extraction.office.cell_values import Shown, serial_text, shown_as
from infrastructure.extraction.office.package import SHEETS_MAIN, main_part, reference, related
from infrastructure.extraction.office.sheets import Row, sheet_blocks
from infrastructure.extraction.pieces import Block, PieceReading
from infrastructure.extraction.xml_source import child, elements, local, root_of

MAX_COLUMNS = 16_384
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")


def open_xlsx(path: Path, limits: ExtractionLimits) -> PieceReading:
    """Open an XLSX. Raises DocumentUnreadable: too_large_unpacked, corrupt, encrypted."""
    archive = Archive(path, limits)
    archive.check_directory()
    return PieceReading(media_type=Format.XLSX, blocks=_Workbook(archive).blocks())


class _Workbook:
    """An opened workbook."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        main = main_part(archive, SHEETS_MAIN, usual="xl/workbook.xml")
        found = related(archive, main)
        parts = {entry.id: entry.part for entry in found if entry.kind == "worksheet"}
        root = root_of(archive.open(main))
        self._sheets = [
            (sheet.get("name") or "", parts[reference(sheet)])
            for sheet in root.iterfind("./{*}sheets/{*}sheet")
            if reference(sheet) in parts
        ]
        properties = child(root, "workbookPr")
        self._from_1904 = properties is not None and properties.get("date1904") in {"1", "true"}
        self._strings = [text for e in found if e.kind == "sharedStrings" for text in _strings(archive, e.part)]
        self._shown = [shown for e in found if e.kind == "styles" for shown in _shown(archive, e.part)]

    def blocks(self) -> Iterator[Block]:
        """Yield the blocks of all sheets, in their order."""
        for name, part in self._sheets:
            yield from sheet_blocks(name, self._rows(part))

    def _rows(self, part: str) -> Iterator[Row]:
        for row in elements(self._archive.open(part), "row"):
            if next(row.iter("{*}v", "{*}is"), None) is None:  # as of a million rows that have a height and no words
                continue
            cells: dict[int, str] = {}
            column = -1
            for cell in row:
                column = _column(cell.get("r"), column + 1)
                if len(cell) and column < MAX_COLUMNS and (text := self._text(cell)):
                    cells[column] = text
            yield sorted(cells.items())

    def _text(self, cell: etree._Element) -> str:
        kind = cell.get("t")
        if kind == "inlineStr":
            return "".join(_string(inner) for inner in cell if local(inner) == "is")
        raw = cell.findtext("{*}v") or ""
        match kind:
            case "s":
                return self._strings[int(raw)] if raw.isdecimal() and int(raw) < len(self._strings) else ""
            case "b":
                return {"1": "TRUE", "0": "FALSE"}.get(raw, raw)
            case "d":
                return raw.replace("T", " ").removesuffix(" 00:00:00")
            case "str":
                return _unescaped(raw)
            case "e":
                return raw
        return self._number(raw, cell.get("s") or "0")

    def _number(self, raw: str, style: str) -> str:
        shown = self._shown[int(style)] if style.isdecimal() and int(style) < len(self._shown) else Shown.NUMBER
        try:
            return serial_text(float(raw), shown, from_1904=self._from_1904)
        except (ValueError, OverflowError):
            return raw


def _column(address: str | None, following: int) -> int:
    """Return the column of an address such as `AB12`, from 0; without an address, the one that follows."""
    letters = (address or "").rstrip("0123456789").upper()
    if not letters or len(letters) > 3 or not (letters.isascii() and letters.isalpha()):  # noqa: PLR2004
        return following
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _strings(archive: Archive, part: str) -> Iterator[str]:
    return (_string(element) for element in elements(archive.open(part), "si"))


def _string(element: etree._Element) -> str:
    """Return the words of plain or rich text, without the phonetic guides of Japanese."""
    texts = (inner if local(inner) == "t" else child(inner, "t") for inner in element if local(inner) in {"t", "r"})
    return _unescaped("".join(text.text or "" for text in texts if text is not None))


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def _shown(archive: Archive, part: str) -> list[Shown]:
    """Return what each cell style shows numbers as."""
    root = root_of(archive.open(part))
    codes = {entry.get("numFmtId"): entry.get("formatCode") for entry in root.iterfind("./{*}numFmts/{*}numFmt")}
    ids = [entry.get("numFmtId") or "" for entry in root.iterfind("./{*}cellXfs/{*}xf")]
    return [shown_as(int(number) if number.isdecimal() else 0, codes.get(number)) for number in ids]
