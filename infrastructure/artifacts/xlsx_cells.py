"""Cells of a spreadsheet: real types, formats by language, and texts that can do no harm."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from xlsxwriter.worksheet import Worksheet

from application.reports.contents import Cell, Kind, Language
from domain.spans import Span

# Of Excel, in UTF-16.
MOST_CHARACTERS = 32_767
ELLIPSIS = "…"
_SPOILT = dict.fromkeys((*range(55296, 57344), 65534, 65535), "�")
# XML can hold none of these, and a spreadsheet shows none.
_CLEANED = {**_SPOILT, **{code: None for code in range(0x20) if code not in (0x9, 0xA)}, 0x7F: None}
DAYS = {Language.ENGLISH: "yyyy-mm-dd", Language.PORTUGUESE: "dd/mm/yyyy"}
FLAGS = {Language.ENGLISH: '"yes";"yes";"no"', Language.PORTUGUESE: '"sim";"sim";"não"'}
_PLACES: Mapping[Kind, Mapping[str, object]] = {
    Kind.TEXT: {"indent": 1},
    Kind.FLAG: {"align": "center"},
    Kind.DAY: {"align": "left", "indent": 1},
    Kind.INSTANT: {"align": "left", "indent": 1},
}
LINE_POINTS, MOST_POINTS = 15.0, 409.0


class CellFormats:
    """The formats of one workbook."""

    def __init__(self, workbook: Any, language: Language) -> None:  # noqa: ANN401 - XlsxWriter has no types
        day = DAYS[language]
        number_formats: Mapping[Kind, str] = {
            Kind.TEXT: "@",
            Kind.COUNT: "#,##0",
            Kind.DECIMAL: "#,##0.000",
            Kind.SHARE: "0.0%",
            Kind.BYTES: "#,##0",
            # Excel has words of its own for these; other spreadsheets take ours.
            Kind.FLAG: FLAGS[language],
            Kind.DAY: day,
            Kind.INSTANT: f"{day} hh:mm:ss",
        }
        top = {"valign": "top"}
        self._by_kind = {
            kind: workbook.add_format({"num_format": number_format, **top, **_PLACES.get(kind, {})})
            for kind, number_format in number_formats.items()
        }
        self.title = workbook.add_format({"bold": True, "font_size": 18, "font_color": "#1F3A5F"})
        self.subtitle = workbook.add_format({"font_color": "#5B6773"})
        self.heading = workbook.add_format(
            {"bold": True, "font_color": "#FFFFFF", "bg_color": "#1F3A5F", "valign": "vcenter", "indent": 1}
        )
        self.wrapped = workbook.add_format({"text_wrap": True, "indent": 1, **top})
        self.highlight = workbook.add_format({"bold": True, "font_color": "#B3261E"})
        self.plain = workbook.add_format()

    def of(self, kind: Kind) -> Any:  # noqa: ANN401
        """Return the format of cells of that kind."""
        return self._by_kind[kind]


def bounded(text: str) -> str:
    """Return what a cell can hold of the text."""
    cleaned = text.translate(_CLEANED)
    if len(cleaned) * 2 <= MOST_CHARACTERS or len(cleaned.encode("utf-16-le")) <= MOST_CHARACTERS * 2:
        return cleaned
    kept = cleaned.encode("utf-16-le")[: (MOST_CHARACTERS - 1) * 2]
    return kept.decode("utf-16-le", errors="ignore") + ELLIPSIS


def height_of(text: str, width: int) -> float:
    """Return how high a row has to be for a text that is broken at `width` characters; Excel has an end to it."""
    lines = sum(1 + len(line) // width for line in text.split("\n"))
    return min(MOST_POINTS, lines * LINE_POINTS)


def write_cell(sheet: Worksheet, line: int, place: int, value: Cell, kind: Kind, *, formats: CellFormats) -> None:
    """Write a value as what it is: a text stays a text, whatever it begins with."""
    shown = formats.of(kind)
    match value:
        case None:
            return
        case bool():
            sheet.write_boolean(line, place, value, shown)
        case int() | float():
            sheet.write_number(line, place, value, shown)
        case datetime() | date():
            at = value.replace(microsecond=0) if isinstance(value, datetime) else value
            sheet.write_datetime(line, place, at, shown)
        case str():
            sheet.write_string(line, place, bounded(value), shown)


def write_highlighted(
    sheet: Worksheet, line: int, place: int, text: str, highlights: Sequence[Span], *, formats: CellFormats
) -> None:
    """Write a text in which the highlights stand out, where it fits."""
    fragments: list[Any] = []
    end = 0
    for start, stop in highlights:
        if before := bounded(text[end:start]):
            fragments += [formats.plain, before]
        if marked := bounded(text[start:stop]):
            fragments += [formats.highlight, marked]
        end = stop
    if rest := bounded(text[end:]):
        fragments += [formats.plain, rest]
    whole = bounded(text)
    # Excel knows texts of two kinds of letters and more only.
    if len(fragments) > len(("format", "text")) and not whole.endswith(ELLIPSIS):
        sheet.write_rich_string(line, place, *fragments, formats.wrapped)
    else:
        sheet.write_string(line, place, whole, formats.wrapped)
