"""Shows an answer of the API as it is: JSON, or a name and a value a line."""

from typing import Any

from rich.table import Table
from rich.text import Text

from interface.cli.answers import Json
from interface.cli.options import print_json
from interface.cli.terminal import one_line, output


def print_object(answer: Json, *, as_json: bool) -> None:
    """Print JSON, or a name and a value a line, what is empty left out."""
    if as_json:
        print_json(answer)
        return
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for name, value in answer.items():
        if value not in (None, [], {}, ""):
            grid.add_row(name, Text(_short(value)))
    output().print(grid)


def _short(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_short(part)}" for name, part in value.items() if part not in (None, [], {}, ""))
    if isinstance(value, list):
        return "; ".join(map(_short, value))
    return one_line(str(value))
