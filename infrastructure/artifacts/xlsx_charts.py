"""Charts of a spreadsheet, over the cells of a table, so that they follow what is changed there."""

from typing import Any

from xlsxwriter.worksheet import Worksheet

from application.reports.contents import Chart, Kind

WIDTH_PIXELS, HEIGHT_PIXELS = 760, 310


def add_chart(
    workbook: Any,  # noqa: ANN401 - XlsxWriter has no types
    place: Worksheet,
    chart: Chart,
    *,
    sheet: str,
    rows: int,
    line: int,
    day_format: str,
) -> None:
    """Put a chart at a line of the sheet `place`, over the first `rows` rows of the table on `sheet`."""
    kind = "bar" if chart.is_sideways else "column"
    drawn = workbook.add_chart({"type": kind, **({"subtype": "stacked"} if len(chart.series) > 1 else {})})
    for column, colour in zip(chart.series, chart.colours, strict=True):
        drawn.add_series(
            {
                "name": [sheet, 0, column],
                "categories": [sheet, 1, 0, rows, 0],
                "values": [sheet, 1, column, rows, column],
                "fill": {"color": f"#{colour}"},
                "gap": 60,
            }
        )
    drawn.set_title({"name": chart.title, "name_font": {"size": 13, "color": "#1F3A5F"}, "overlay": False})
    drawn.set_legend({"position": "bottom"} if len(chart.series) > 1 else {"none": True})
    grid = {"visible": True, "line": {"color": "#DDE3E9", "width": 0.75}}
    values = {"major_gridlines": grid, "min": 0, "num_format": "#,##0" if len(chart.series) > 1 else "General"}
    if chart.is_sideways:
        # The first row stands at the top, and the figures stay below.
        drawn.set_y_axis({"reverse": True})
        drawn.set_x_axis({**values, "label_position": "high"})
    else:
        is_by_day = chart.table.columns[0].kind is Kind.DAY
        drawn.set_x_axis({"date_axis": True, "num_format": day_format} if is_by_day else {})
        drawn.set_y_axis(values)
    drawn.set_size({"width": WIDTH_PIXELS, "height": HEIGHT_PIXELS})
    place.insert_chart(line, 0, drawn, {"description": chart.title})
