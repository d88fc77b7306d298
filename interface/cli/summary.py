"""Tells the end of an ingestion: tables for people, one document for programs."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from interface.cli.events import FileResult, Outcome
from interface.cli.problem import ApiProblem
from interface.cli.progress import COLOURS, middle
from interface.cli.server import Server
from interface.cli.terminal import FAILED, INTERRUPTED, complain, note, one_line, plural, seconds

TOLD_FAILURES = 50
NAME_COLUMNS = 28


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """An ingestion that has ended, by itself, by Ctrl-C or by an outage. `results` has every file."""

    results: Sequence[FileResult]
    elapsed_seconds: float
    interrupted: bool
    outage: ApiProblem | None

    @property
    def exit_code(self) -> int:
        """0 if nothing is left to do for any file."""
        if self.interrupted:
            return INTERRUPTED
        return 0 if all(result.is_done for result in self.results) else FAILED


def print_summary(console: Console, run: Run) -> None:
    """Print which outcomes there were, then what failed and why."""
    console.print(_outcomes(run.results))
    pages, chunks = _total(r.pages for r in run.results), _total(r.chunks for r in run.results)
    amounts = f"{plural(pages, 'page')}, {plural(chunks, 'chunk')}"
    console.print(Text(f"{plural(len(run.results), 'file')} in {seconds(run.elapsed_seconds)}: {amounts}"))
    failures = [result for result in run.results if result.has_ended and not result.is_done]
    if failures:
        console.print(_failures(failures[:TOLD_FAILURES]))
    if len(failures) > TOLD_FAILURES:
        console.print(Text(f"and {len(failures) - TOLD_FAILURES:,} more; --json lists all"))


def tell_early_end(run: Run, server: Server) -> None:
    """Say why a run ended early, what it leaves on the server, and what it never sent. Nothing if it did not."""
    outcomes = Counter(result.outcome for result in run.results)
    on_server, unsent = outcomes[Outcome.UNFINISHED], outcomes[Outcome.NOT_SENT]
    goes_on = "goes on when Esteira runs here again" if server.temporary else f"goes on at {server.url}"
    if run.outage:
        complain(f"{run.outage.detail} ({run.outage.code})")
        goes_on = "goes on when the server is back"
    elif run.interrupted:
        note("Stopped.")
    if on_server:
        note(f"{plural(on_server, 'document')} still being processed; that {goes_on}.")
    if unsent:
        note(f"{plural(unsent, 'file')} not sent.")
    if on_server or unsent:
        note("The same command again takes up what is left.")


def json_summary(run: Run, *, server: str) -> Any:  # noqa: ANN401
    """Return the whole run as one JSON document."""
    outcomes = Counter(result.outcome for result in run.results)
    return {
        "server": server,
        "seconds": round(run.elapsed_seconds, 3),
        "interrupted": run.interrupted,
        "summary": {
            "files": len(run.results),
            **{outcome.value: outcomes[outcome] for outcome in Outcome},
            "pages": _total(r.pages for r in run.results),
            "chunks": _total(r.chunks for r in run.results),
            "codes": dict(Counter(r.code for r in run.results if r.code)),
        },
        "files": [{"file": row.pop("name"), **row} for row in map(asdict, run.results)],
    }


def _outcomes(results: Sequence[FileResult]) -> Table:
    rows: defaultdict[tuple[Outcome, str], list[FileResult]] = defaultdict(list)
    for result in results:
        code = result.code or ""
        rows[result.outcome, "" if code == result.outcome else code].append(result)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("outcome", "code"):
        table.add_column(heading, no_wrap=True)
    for heading in ("files", "pages", "chunks", "seconds"):
        table.add_column(heading, justify="right", no_wrap=True)
    order = list(Outcome)
    for (outcome, code), group in sorted(rows.items(), key=lambda row: (order.index(row[0][0]), row[0][1])):
        spent = sum(result.seconds or 0 for result in group)
        table.add_row(
            Text(outcome.replace("_", " "), style=COLOURS[outcome]),
            Text(one_line(code)),
            f"{len(group):,}",
            f"{_total(r.pages for r in group):,}",
            f"{_total(r.chunks for r in group):,}",
            f"{spent:.1f}",
        )
    return table


def _failures(failures: Sequence[FileResult]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("file", no_wrap=True)
    table.add_column("code", no_wrap=True)
    table.add_column("why")
    for result in failures:
        name = Text(middle(result.name, NAME_COLUMNS))
        code = Text(result.code or result.outcome, style=COLOURS[result.outcome])
        table.add_row(name, code, Text(one_line(result.sentence or "")))
    return table


def _total(counts: Iterable[int | None]) -> int:
    return sum(count or 0 for count in counts)
