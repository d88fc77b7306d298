"""Bar charts on printed pages."""

import math
from collections.abc import Sequence

from reportlab.lib.colors import HexColor

from application.reports.contents import Cell, Chart, Kind, Language
from application.reports.words import told_number
from infrastructure.artifacts.pdf_pages import INK, RULE, SOFT, Pages
from infrastructure.artifacts.pdf_text import REGULAR, lines_of, printable, width_of
from infrastructure.artifacts.pdf_values import shown

HEIGHT, LABEL = 150.0, 7.0
BAR, GAP = 13.0, 7.0
STEPS = 4
ROUND = (4, 8, 12, 16, 20, 24, 32, 40, 48, 60, 80, 100)
# So many bars lie below each other; a report's tables tell the rest.
MOST_SIDEWAYS = 15


def draw_chart(pages: Pages, chart: Chart, language: Language) -> None:
    """Draw the chart with its title, all on one page."""
    rows = list(chart.table.rows)
    if chart.is_sideways:
        _draw_sideways(pages, chart, rows[:MOST_SIDEWAYS], language)
    else:
        _draw_standing(pages, chart, rows, language)


def _draw_standing(pages: Pages, chart: Chart, rows: Sequence[Sequence[Cell]], language: Language) -> None:
    pages.section(chart.title, with_height=HEIGHT + 46)
    _legend(pages, chart)
    left, base = pages.left + 34, pages.y - HEIGHT
    top = _round_up(max(sum(_value(row[place]) for place in chart.series) for row in rows))
    for step in range(STEPS + 1):
        y = base + HEIGHT * step / STEPS
        pages.canvas.setStrokeColor(RULE)
        pages.canvas.setLineWidth(0.4)
        pages.canvas.line(left, y, pages.right, y)
        pages.text_right(left - 4, y - 2.5, _tick(top * step / STEPS, language), size=LABEL, colour=SOFT)
    slot = (pages.right - left) / len(rows)
    kind = chart.table.columns[0].kind
    labels = [shown(row[0], kind, language) for row in rows]
    room = max(width_of(label, REGULAR, LABEL) for label in labels) + 8
    every = max(1, math.ceil(room / slot))
    for number, row in enumerate(rows):
        x, y = left + slot * number, base
        for place, colour in zip(chart.series, chart.colours, strict=True):
            height = HEIGHT * _value(row[place]) / top
            pages.canvas.setFillColor(HexColor(f"#{colour}"))
            pages.canvas.rect(x + slot * 0.15, y, slot * 0.7, height, stroke=0, fill=1)
            y += height
        if number % every == 0:
            middle = min(x + slot / 2, pages.right - width_of(labels[number], REGULAR, LABEL) / 2)
            pages.text(
                middle - width_of(labels[number], REGULAR, LABEL) / 2,
                base - 10,
                labels[number],
                size=LABEL,
                colour=SOFT,
            )
    pages.y = base - 14


def _draw_sideways(pages: Pages, chart: Chart, rows: Sequence[Sequence[Cell]], language: Language) -> None:
    pages.section(chart.title, with_height=len(rows) * (BAR + GAP) + 10)
    (place,) = chart.series
    kind = chart.table.columns[place].kind
    names = [lines_of(shown(row[0], Kind.TEXT, language), REGULAR, 8, 150, most=1)[0] for row in rows]
    told = [shown(row[place], kind, language) for row in rows]
    left = pages.left + max(width_of(name, REGULAR, 8) for name in names) + 10
    room = pages.right - left - max(width_of(each, REGULAR, 8) for each in told) - 8
    most = max(_value(row[place]) for row in rows) or 1.0
    pages.y -= 6
    for row, name, value in zip(rows, names, told, strict=True):
        pages.y -= BAR
        length = max(1.0, room * _value(row[place]) / most)
        pages.canvas.setFillColor(HexColor(f"#{chart.colours[0]}"))
        pages.canvas.rect(left, pages.y, length, BAR, stroke=0, fill=1)
        pages.text_right(left - 6, pages.y + 3.5, name, size=8, colour=INK)
        pages.text(left + length + 5, pages.y + 3.5, value, size=8, colour=SOFT)
        pages.y -= GAP


def _legend(pages: Pages, chart: Chart) -> None:
    pages.y -= 10
    x = pages.left + 34
    for place, colour in zip(chart.series, chart.colours, strict=True):
        pages.canvas.setFillColor(HexColor(f"#{colour}"))
        pages.canvas.rect(x, pages.y - 1, 7, 7, stroke=0, fill=1)
        name = printable(chart.table.columns[place].heading)
        pages.text(x + 11, pages.y, name, size=7.5, colour=SOFT)
        x += width_of(name, REGULAR, 7.5) + 28
    pages.y -= 12


def _value(cell: Cell) -> float:
    return float(cell) if isinstance(cell, int | float) else 0.0


def _tick(value: float, language: Language) -> str:
    return told_number(language, value, decimals=0 if value == int(value) else 1)


def _round_up(value: float) -> float:
    """Return the next number that four steps divide well."""
    power = 10 ** max(0, math.floor(math.log10(max(value, 1))) - 1)
    return float(next(step * power for step in ROUND if step * power >= value))
