"""Shows an answer of the API as it is: JSON, or a name and a value a line."""

from typing import Any

from rich.text import Text

from esteira_client import Json
from interface.cli.options import print_json
from interface.cli.terminal import one_line, output


def print_object(answer: Json, *, as_json: bool) -> None:
    """Print JSON, or a name and a value a line, what is empty left out."""
    if as_json:
        print_json(answer)
        return
    shown = {name: _short(value) for name, value in answer.items() if value not in (None, [], {}, "")}
    width = max(map(len, shown), default=0)
    console = output()
    for name, text in shown.items():
        # Left to the terminal to wrap: an address that is folded here cannot be copied.
        console.print(Text.assemble((name.ljust(width), "dim"), "  ", text), soft_wrap=True)


def _short(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_short(part)}" for name, part in value.items() if part not in (None, [], {}, ""))
    if isinstance(value, list):
        return "; ".join(map(_short, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return one_line(str(value))
