"""The child process that reads documents: `main()` answers the parent's requests until it is gone.

Imports little at start; a format's libraries are loaded with the first document of that format.
"""

import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from domain.failure import DocumentUnreadable, FailureCode
from infrastructure.extraction.drawing import Drawing, open_drawing
from infrastructure.extraction.formats import open_document
from infrastructure.extraction.limits import ExtractionLimits
from infrastructure.extraction.office.old_office import ConversionNeeded
from infrastructure.extraction.reading import HoldsAttachments, Reading, ReadPage, Remembers
from infrastructure.extraction.sandbox.attachments import attachment_messages
from infrastructure.extraction.sandbox.confinement import allow_cpu_seconds, confine, peak_bytes, rusage_peak_bytes
from infrastructure.extraction.sandbox.protocol import Message, ProtocolError, encode, read_message

# ruff: noqa: PLC0415 - few children draw or describe

OpenDocument = Callable[[Path, str, str | None, ExtractionLimits], Reading]
OpenDrawing = Callable[[Path, str, ExtractionLimits], Drawing]


class FileUnavailable(Exception):
    """The file itself cannot be opened."""


def main(open_document: OpenDocument = open_document, open_drawing: OpenDrawing = open_drawing) -> None:
    """Serve until the parent closes its end. Arguments: the parent's process id, bytes of memory, 1 for programs."""
    requests, answers = private_pipes()
    confine(parent_pid=int(sys.argv[1]), memory_bytes=int(sys.argv[2]), programs=sys.argv[3] == "1")
    say(answers, {"type": "ready", "peak_bytes": rusage_peak_bytes(resource.getrusage(resource.RUSAGE_SELF))})
    while (request := read_message(requests)) is not None:
        try:
            match request["type"]:
                case "draw":
                    _draw(request, answers, open_drawing)
                case "describe":
                    _describe(request, answers)
                case _:
                    _answer(request, answers, open_document)
        except ConversionNeeded as exc:
            say(answers, {"type": "convert", "media_type": exc.media_type, "to": exc.to, "peak_bytes": peak_bytes()})
        except (DocumentUnreadable, ProtocolError, MemoryError, FileUnavailable) as exc:
            say(answers, _failed(exc))


def private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Take standard input and output away from libraries that might use them."""
    requests, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    os.close(nothing)
    return os.fdopen(requests, "rb"), os.fdopen(answers, "wb", buffering=0)


def _answer(request: Message, answers: BinaryIO, open_document: OpenDocument) -> None:
    path, limits = _begin(request)
    reading = open_document(path, request["filename"], request["password"], limits)
    if isinstance(reading, Remembers):
        reading.recall(request["memories"])
    say(answers, {"type": "opened", "media_type": reading.media_type, "page_count": reading.page_count})
    text_bytes = 0
    allow_cpu_seconds(limits.page_seconds)
    for page in reading.read(first=request["first"], last=request["last"]):
        frame = encode(_page(page))
        text_bytes += len(frame)
        if text_bytes > limits.max_unpacked_bytes:
            raise DocumentUnreadable(FailureCode.TOO_LARGE_UNPACKED)
        _write(answers, frame)
        allow_cpu_seconds(limits.page_seconds)
    if request["attachments"] and isinstance(reading, HoldsAttachments):
        for message in attachment_messages(reading.attachments, limits):
            say(answers, message)
            allow_cpu_seconds(limits.page_seconds)
    say(answers, {"type": "end", "peak_bytes": peak_bytes()})


def _draw(request: Message, answers: BinaryIO, open_drawing: OpenDrawing) -> None:
    from infrastructure.extraction.sandbox.pictures import page_message

    path, limits = _begin(request)
    drawing = open_drawing(path, request["filename"], limits)
    say(answers, {"type": "opened", "media_type": drawing.media_type, "page_count": drawing.page_count})
    for number in request["pages"]:
        if number <= drawing.page_count:
            allow_cpu_seconds(limits.page_seconds)
            say(answers, page_message(drawing, number))
    say(answers, {"type": "end", "peak_bytes": peak_bytes()})


def _describe(request: Message, answers: BinaryIO) -> None:
    from infrastructure.extraction.details import read_details
    from infrastructure.extraction.sandbox.descriptions import details_message

    path, limits = _begin(request)
    say(answers, details_message(read_details(path, request["filename"], limits)))
    say(answers, {"type": "end", "peak_bytes": peak_bytes()})


def _begin(request: Message) -> tuple[Path, ExtractionLimits]:
    limits = ExtractionLimits.of(request["limits"])
    allow_cpu_seconds(limits.open_seconds)
    path = Path(request["path"])
    _check_access(path)
    return path, limits


def _check_access(path: Path) -> None:
    """Tell a file that is not there or not ours to read from a parser's own trouble."""
    try:
        path.open("rb").close()
    except OSError as exc:
        raise FileUnavailable from exc


def _page(page: ReadPage) -> Message:
    if page.unreadable:
        return {"type": "unreadable", "number": page.number, "code": page.unreadable, "memory": page.memory}
    headings = [[heading.offset, heading.level, heading.title] for heading in page.headings]
    what = {"text": page.text, "headings": headings, "blank": page.blank, "recognized": page.recognized}
    return {"type": "page", "number": page.number, "memory": page.memory, **what}


def _failed(exc: Exception) -> Message:
    if isinstance(exc, DocumentUnreadable):
        return {"type": "failed", "code": exc.failure_code, "detail": exc.detail}
    if isinstance(exc, FileUnavailable):
        return {"type": "failed", "code": "file_unavailable"}
    too_much_memory = isinstance(exc, MemoryError)
    return {"type": "failed", "code": FailureCode.OUT_OF_MEMORY if too_much_memory else FailureCode.TOO_LARGE_UNPACKED}


def say(answers: BinaryIO, message: Message) -> None:
    """Send a message to the parent."""
    _write(answers, encode(message))


def _write(answers: BinaryIO, frame: bytes) -> None:
    view = memoryview(frame)
    while view:
        view = view[answers.write(view) :]
