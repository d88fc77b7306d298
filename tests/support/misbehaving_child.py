"""A child whose documents are scripts, a page a line: it crashes, hangs and swells on command."""

import os
import signal
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from infrastructure.extraction.limits import ExtractionLimits
from infrastructure.extraction.reading import ReadPage
from infrastructure.extraction.sandbox.child import main
from infrastructure.extraction.sandbox.process import CHILD_COMMAND

COMMAND = (
    *CHILD_COMMAND[:-2],
    "import sys; sys.path.insert(0, sys.argv.pop(1)); from tests.support.misbehaving_child import run; run()",
    CHILD_COMMAND[-1],
)


@dataclass(frozen=True)
class ScriptedReading:
    media_type: str
    page_count: int | None
    lines: list[str]

    def read(self, *, first: int, last: int | None) -> Iterator[ReadPage]:
        for number, line in enumerate(self.lines, 1):
            if number >= first and (last is None or number <= last):
                yield ReadPage(number=number, text=perform(line))


def perform(line: str) -> str:  # noqa: C901, PLR0912 - one case a misdeed
    """Do what a line says, and return the page's text."""
    word, _, rest = line.partition(" ")
    match word:
        case "crash":
            os.abort()
        case "die-of":
            os.kill(os.getpid(), int(rest))
        case "raise":
            raise RuntimeError(rest)
        case "crash-once":
            if not Path(rest).exists():
                Path(rest).touch()  # no byte may be written, but an empty file may be made
                os.abort()
        case "hang":
            while True:
                time.sleep(60)
        case "spin":
            while True:
                pass
        case "bloat":
            held = []
            while True:
                held.append(bytearray(16 * 1024 * 1024))
        case "print":
            os.write(1, b"a library writes to standard output")
        case "frame":
            os.write(4, bytes.fromhex(rest))
        case "connect":
            with socket.create_connection(("127.0.0.1", int(rest)), timeout=5):
                return "connected"
        case "write":
            Path(rest).write_text("something")
        case "environ":
            return repr(dict(os.environ))
        case "long":
            return "word " * int(rest)
    return line


def open_script(path: Path, _filename: str, _password: str | None, _limits: ExtractionLimits) -> ScriptedReading:
    kind, *lines = path.read_text().splitlines()
    if kind.startswith("opening "):
        kind = perform(kind.removeprefix("opening "))
    return ScriptedReading("text/x-script", None if kind == "pieces" else len(lines), lines)


@dataclass(frozen=True)
class ScriptedDrawing:
    media_type: str
    page_count: int
    lines: list[str]

    def draw(self, number: int, *, longer_side: int) -> Image.Image:
        perform(self.lines[number - 1])
        return Image.new("RGB", (longer_side, number), "white")


def open_scripted_drawing(path: Path, _filename: str, _limits: ExtractionLimits) -> ScriptedDrawing:
    kind, *lines = path.read_text().splitlines()
    if kind.startswith("opening "):
        perform(kind.removeprefix("opening "))
    return ScriptedDrawing("text/x-script", len(lines), lines)


def run() -> None:
    signal.signal(signal.SIGABRT, signal.SIG_DFL)
    main(open_script, open_scripted_drawing)
