"""Tables: aligned for people on a terminal, with tabs between for programs and logs."""

from collections.abc import Sequence

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from interface.cli.terminal import one_line, output, seconds


def print_table(headings: Sequence[str], rows: Sequence[Sequence[object]], *, right: Sequence[str] = ()) -> None:
    """Print the rows; the headings are for people alone. Columns in `right` are aligned there. None is left empty."""
    console = output()
    cells = [["" if cell is None else one_line(str(cell)) for cell in row] for row in rows]
    if not console.is_terminal:
        for row in cells:
            typer.echo("\t".join(row))
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        table.add_column(heading, justify="right" if heading in right else "left", overflow="fold")
    for row in cells:
        table.add_row(*map(Text, row))
    console.print(table)


def duration(milliseconds: int) -> str:
    """Return a duration for people: "35 ms", "2.0 s"."""
    second = 1000
    return f"{milliseconds} ms" if milliseconds < second else seconds(milliseconds / second)
