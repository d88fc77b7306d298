"""How the command line speaks: two consoles, text that cannot move the cursor, and errors as sentences."""

import io
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import typer
from rich.console import Console
from rich.text import Text

from domain.errors import EsteiraError
from interface.cli.problem import ApiProblem

FAILED = 1
WRONG_USAGE = 2
INTERRUPTED = 130
LEAST_COLUMNS = 20


def output() -> Console:
    """Return a console on standard output."""
    return _console(stderr=False)


def errors() -> Console:
    """Return a console on standard error."""
    return _console(stderr=True)


def note(sentence: str) -> None:
    """Tell something on standard error, apart from what a program may read."""
    _say(Text(sentence, style="dim"))


def complain(sentence: str) -> None:
    """Tell what went wrong, on standard error."""
    _say(Text.assemble(("Error: ", "bold red"), printable(sentence)))


@contextmanager
def failures_told() -> Iterator[None]:
    """Turn what can go wrong into a sentence and an exit code; a stack trace is left for our own mistakes."""
    try:
        yield
    except ApiProblem as problem:
        complain(f"{problem.detail} ({problem.code})")
        raise typer.Exit(FAILED) from None
    except EsteiraError as error:
        complain(f"{error.for_operators} ({error.code})")
        raise typer.Exit(FAILED) from None
    except KeyboardInterrupt:
        note("Stopped.")
        raise typer.Exit(INTERRUPTED) from None


def wrong_usage(sentence: str) -> typer.Exit:
    """Tell what was asked wrongly; raise what is returned."""
    complain(sentence)
    return typer.Exit(WRONG_USAGE)


def printable(text: str) -> str:
    """Return the text without what a terminal would obey, or cannot show: controls, escapes, lone surrogates."""
    return "".join("\ufffd" if c not in "\n\t" and unicodedata.category(c) in {"Cc", "Cs"} else c for c in text)


def one_line(text: str) -> str:
    """Return the text fit for one line."""
    return printable(" ".join(text.split()))


def plural(count: int, noun: str) -> str:
    """Return "1 page", "2 pages"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def seconds(value: float) -> str:
    """Return a duration for people: "0.4 s", "2 min 05 s", "1 h 02 min"."""
    minute, hour = 60, 3600
    if value < minute:
        return f"{value:.1f} s"
    if value < hour:
        return f"{int(value // minute)} min {int(value % minute):02d} s"
    return f"{int(value // hour)} h {int(value % hour // minute):02d} min"


def age(instant: str, *, now: datetime) -> str:
    """Return how long ago it was, roughly: "12 s", "5 min", "3 h", "40 d". Never below 0."""
    passed = max(0, int((now - datetime.fromisoformat(instant)).total_seconds()))
    for unit, size, below in (("s", 1, 120), ("min", 60, 7200), ("h", 3600, 172_800)):
        if passed < below:
            return f"{passed // size} {unit}"
    return f"{passed // 86_400} d"


def _say(text: Text) -> None:
    """Wrap at words on a terminal; a program or a log gets each sentence as one line."""
    console = errors()
    console.print(text, soft_wrap=not console.is_terminal)


def _console(*, stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    console = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    # Where COLUMNS is 0, as in some editors and containers, nothing at all would be shown.
    console.width = max(console.width, LEAST_COLUMNS)
    return console
