"""Shows an ingestion while it runs: a live view on a terminal, plain lines elsewhere, or nothing."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from domain.document import DocumentStatus
from interface.cli.events import Ended, Event, FileResult, Moved, Outcome, Sending
from interface.cli.terminal import one_line, plural, printable, seconds

SHOWN_DOCUMENTS = 6
NAME_COLUMNS = 26
FRAMES_PER_SECOND = 8
SILENCE_SECONDS = 30.0
COLOURS = {
    Outcome.COMPLETED: "green",
    Outcome.SKIPPED: "cyan",
    Outcome.FAILED: "red",
    Outcome.CANCELLED: "yellow",
    Outcome.UNFINISHED: "yellow",
    Outcome.NOT_SENT: "yellow",
}


class View(Protocol):
    """Shows events between entering and leaving."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...

    def show(self, event: Event) -> None:
        """Take notice of an event."""
        ...


def choose_view(console: Console, *, files: int, quiet: bool) -> View:
    """Return the live view where the console can move its cursor; lines elsewhere, none of them when `quiet`."""
    if console.is_terminal and not console.is_dumb_terminal:
        return LiveView(console, files)
    return PlainView(console, files, (lambda _: None) if quiet else (lambda line: _print_line(console, line)))


@dataclass(slots=True)
class Tally:
    """What is known so far; `share` weighs each file by its own progress."""

    files: int
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    pages: int = 0
    chunks: int = 0
    progress: dict[str, int] = field(default_factory=dict)
    moving: dict[str, tuple[int, str]] = field(default_factory=dict)
    _sum: int = 0

    @property
    def ended(self) -> int:
        """How many files have ended."""
        return self.outcomes.total()

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return (100 * self.ended + self._sum) / (100 * self.files) if self.files else 1.0

    def take(self, event: Event) -> None:
        """Count an event."""
        match event:
            case Sending(name, message, share):
                self.moving[name] = (round(100 * share), message)
            case Moved(name, status):
                self._sum += status.progress - self.progress.get(name, 0)
                self.progress[name] = status.progress
                if status.status == DocumentStatus.PROCESSING:
                    self.moving[name] = (status.progress, status.message)
                else:
                    self.moving.pop(name, None)
            case Ended(result):
                self._sum -= self.progress.pop(result.name, 0)
                self.moving.pop(result.name, None)
                self.outcomes[result.outcome] += 1
                self.pages += result.pages or 0
                self.chunks += result.chunks or 0

    @property
    def sentence(self) -> str:
        """Counts for people."""
        parts = [f"{count:,} {outcome}" for outcome, count in sorted(self.outcomes.items())]
        return " · ".join([*parts, plural(self.pages, "page"), plural(self.chunks, "chunk")])


class PlainView:
    """A line as each file ends, and a sign of life when none has for a while."""

    def __init__(self, console: Console, files: int, write: Callable[[str], None]) -> None:
        self._console = console
        self._tally = Tally(files)
        self._write = write
        self._wrote_at = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def show(self, event: Event) -> None:
        """Write at the end of a file."""
        self._tally.take(event)
        if isinstance(event, Ended):
            self._say(result_line(event.result))
        elif time.monotonic() - self._wrote_at > SILENCE_SECONDS:
            share = f"{self._tally.share:.0%}"
            self._say(f"… {self._tally.ended:,} of {plural(self._tally.files, 'file')} ended, {share} of the work done")

    def _say(self, line: str) -> None:
        self._write(line)
        self._wrote_at = time.monotonic()


class LiveView:
    """A bar for all, and a line for each of the documents that move; what fails is told above it at once."""

    def __init__(self, console: Console, files: int) -> None:
        self._console = console
        self._tally = Tally(files)
        self._began = time.monotonic()
        self._live = Live(
            console=console, get_renderable=self._picture, refresh_per_second=FRAMES_PER_SECOND, transient=True
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, event: Event) -> None:
        """Change the picture; the next frame has it."""
        self._tally.take(event)
        if isinstance(event, Ended) and not event.result.is_done:
            style = COLOURS[event.result.outcome]
            self._console.print(Text(result_line(event.result), style=style), soft_wrap=True)

    def _picture(self) -> Group:
        tally, elapsed = self._tally, time.monotonic() - self._began
        bar = Table.grid(padding=(0, 1), expand=True)
        bar.add_column(ratio=1)
        for _ in range(3):
            bar.add_column(justify="right", no_wrap=True)
        files = f"{tally.ended:,}/{tally.files:,} files"
        bar.add_row(ProgressBar(total=1, completed=tally.share), f"{int(100 * tally.share)}%", files, seconds(elapsed))
        documents = Table.grid(padding=(0, 1), expand=True)
        documents.add_column(width=NAME_COLUMNS, no_wrap=True)
        documents.add_column(width=4, justify="right", no_wrap=True)
        documents.add_column(ratio=1, no_wrap=True, overflow="ellipsis", style="dim")
        for name, (progress, message) in list(tally.moving.items())[:SHOWN_DOCUMENTS]:
            documents.add_row(Text(middle(name, NAME_COLUMNS)), f"{progress}%", Text(one_line(message)))
        return Group(bar, documents, Text(tally.sentence, style="dim"))


def result_line(result: FileResult) -> str:
    """Return a file's end in one line."""
    parts = [result.outcome.value]
    if result.outcome is Outcome.COMPLETED:
        parts += [plural(result.pages, "page")] if result.pages else []
        parts += [plural(result.chunks, "chunk")] if result.chunks is not None else []
        parts += [seconds(result.seconds)] if result.seconds is not None else []
        parts += [plural(len(result.unreadable), "unreadable page")] if result.unreadable else []
        return f"{one_line(result.name)}: {', '.join(parts)}"
    code = f" ({result.code})" if result.code and result.code != result.outcome else ""
    return one_line(f"{result.name}: {result.outcome}{code}{': ' if result.sentence else ''}{result.sentence or ''}")


def middle(text: str, columns: int) -> str:
    """Return the text, its middle left out where it is too long: the end of a name tells more than its folder."""
    text = printable(text).replace("\n", " ")
    if len(text) <= columns:
        return text
    tail = columns * 2 // 3
    return f"{text[: columns - tail - 1]}…{text[-tail:]}"


def _print_line(console: Console, line: str) -> None:
    console.print(Text(line), soft_wrap=True)
