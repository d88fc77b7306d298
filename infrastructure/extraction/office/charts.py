"""DrawingML charts: the title, then a line for each category with the values that the chart shows."""

from collections.abc import Iterator

from lxml import etree

from infrastructure.extraction.pieces import CELL_SEPARATOR, Block
from infrastructure.extraction.text.text_cleaning import one_line
from infrastructure.extraction.xml_source import child, value

MAX_POINTS = 10_000


def chart_blocks(chart_space: etree._Element) -> Iterator[Block]:
    """Yield the blocks of a chart part."""
    for title in chart_space.iterfind("./{*}chart/{*}title"):
        yield Block(text="".join(text.text or "" for text in title.iter("{*}t")))
    series = list(chart_space.iterfind(".//{*}plotArea//{*}ser"))
    names = [one_line(" ".join(_points(child(one, "tx")).values())) for one in series]
    if any(names):
        yield Block(text=_row(names), tight=True)
    columns = [_points(_first(one, "val", "yVal")) for one in series]
    categories = _points(_first(series[0], "cat", "xVal")) if series else {}
    for point in sorted({point for column in (categories, *columns) for point in column})[:MAX_POINTS]:
        yield Block(text=_row([categories.get(point, ""), *(column.get(point, "") for column in columns)]), tight=True)


def _row(cells: list[str]) -> str:
    return CELL_SEPARATOR.join(one_line(cell) for cell in cells)


def _first(series: etree._Element, *names: str) -> etree._Element | None:
    return next((found for name in names if (found := child(series, name)) is not None), None)


def _points(data: etree._Element | None) -> dict[int, str]:
    """Return the cached values by their place."""
    found: dict[int, str] = {}
    for point in data.iter("{*}pt") if data is not None else ():
        place, text = value(point, "idx") or "", child(point, "v")
        if place.isdecimal() and text is not None:
            found[int(place)] = text.text or ""
    return found
