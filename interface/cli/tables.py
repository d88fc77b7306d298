"""Tables: aligned for people on a terminal, with tabs between for programs and logs."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import typer
from rich.cells import cell_len
from rich.text import Text

from interface.cli.progress import middle
from interface.cli.terminal import age, one_line, output, seconds

GAP = "  "
LEAST_ROOM = 20


def print_table(
    headings: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    right: Sequence[str] = (),
    spare: Sequence[str] = (),
    gives_way: str = "",
    ages: Sequence[str] = (),
) -> None:
    """Print the rows, none of them empty; the headings are for people alone.

    On a terminal the instants in `ages` are told as ages, and see `aligned` for the rest.
    """
    console = output()
    cells = [["" if cell is None else one_line(str(cell)) for cell in row] for row in rows]
    if not console.is_terminal:
        for row in cells:
            typer.echo("\t".join(row))
        return
    now = datetime.now(UTC)
    columns = {heading: [row[place] for row in cells] for place, heading in enumerate(headings)}
    columns |= {heading: [age(cell, now=now) if cell else "" for cell in columns[heading]] for heading in ages}
    first, *rest = aligned(columns, width=console.width, right=right, spare=spare, gives_way=gives_way)
    console.print(Text(first, style="bold"), soft_wrap=True)
    for line in rest:
        console.print(Text(line), soft_wrap=True)


def aligned(
    columns: Mapping[str, Sequence[str]],
    *,
    width: int,
    right: Sequence[str] = (),
    spare: Sequence[str] = (),
    gives_way: str = "",
) -> list[str]:
    """Return the lines of a table by its columns, the headings first. No cell is folded: folded ids cannot be copied.

    Where it is too wide, the columns in `spare` are left out; then the cells of `gives_way` are shortened in their
    middle, or stand below their rows where hardly anything would be left of them. Where nothing gives way, one blank is
    between the columns. Columns in `right` are aligned there.
    """
    if _width(columns) > width:
        columns = {heading: cells for heading, cells in columns.items() if heading not in spare}
    over, below = _width(columns) - width, []
    if gives_way and over > 0:
        room = _width({gives_way: columns[gives_way]}) - over
        below = [] if room >= LEAST_ROOM else [GAP + middle(cell, width - len(GAP)) for cell in columns[gives_way]]
        columns = {
            heading: [middle(cell, room) for cell in cells] if heading == gives_way else cells
            for heading, cells in columns.items()
            if not below or heading != gives_way
        }
    padded = [_padded(heading, cells, to_the_right=heading in right) for heading, cells in columns.items()]
    gap = GAP if gives_way or over <= 0 else " "
    first, *lines = [gap.join(row).rstrip() for row in zip(*padded, strict=True)]
    if below:
        lines = [line for pair in zip(lines, below, strict=True) for line in pair if line.strip()]
    return [first, *lines]


def duration(milliseconds: int) -> str:
    """Return a duration for people: "35 ms", "2.0 s"."""
    second = 1000
    return f"{milliseconds} ms" if milliseconds < second else seconds(milliseconds / second)


def _width(columns: Mapping[str, Sequence[str]]) -> int:
    widest = [max(map(cell_len, (heading, *cells))) for heading, cells in columns.items()]
    return sum(widest) + len(GAP) * (len(widest) - 1)


def _padded(heading: str, cells: Sequence[str], *, to_the_right: bool) -> list[str]:
    """Return heading and cells, all as wide as the widest on a terminal, where some characters take two columns."""
    width = _width({heading: cells})
    gaps = ((cell, " " * (width - cell_len(cell))) for cell in (heading, *cells))
    return [gap + cell if to_the_right else cell + gap for cell, gap in gaps]
