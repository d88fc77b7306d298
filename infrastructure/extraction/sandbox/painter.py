"""The adapter of the port PagePainter: pages are drawn by a child process, which may die of them."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path

from application.ports.extractor import DocumentOpened
from application.ports.page_painter import DrawnPage
from domain.extracted_page import UnreadablePage
from infrastructure.extraction.limits import ExtractionLimits
from infrastructure.extraction.sandbox.answers import opened_of
from infrastructure.extraction.sandbox.extractor import SandboxedExtractor
from infrastructure.extraction.sandbox.pictures import drawn_page_of
from infrastructure.extraction.sandbox.process import ReaderLost
from infrastructure.extraction.sandbox.protocol import Message, ProtocolError
from infrastructure.extraction.sandbox.session import ReaderSession, twice


class SandboxedPainter:
    """Draws with the children of an extractor."""

    def __init__(self, readers: SandboxedExtractor) -> None:
        self._readers = readers

    @contextmanager
    def open(
        self, path: Path, *, filename: str, pages: Collection[int], into: Path, check: Callable[[], None]
    ) -> Iterator["SandboxedDrawing"]:
        """See the port."""
        path.stat()  # a missing file is the caller's fault, not the document's
        session = ReaderSession(self._readers, self._readers.limits, check)
        request = {"type": "draw", "path": str(path.resolve()), "filename": filename}
        drawing = SandboxedDrawing(session, self._readers.limits, request, sorted(pages), into)
        try:
            drawing.start()
            yield drawing
        finally:
            session.end()


class SandboxedDrawing:
    """One document being drawn. Iterate once."""

    def __init__(
        self, session: ReaderSession, limits: ExtractionLimits, request: Message, pages: Sequence[int], into: Path
    ) -> None:
        self._session = session
        self._limits = limits
        self._request = request | {"limits": asdict(limits)}
        self._into = into
        self.numbers = pages
        self.page_count = 0

    def start(self) -> None:
        """Open the document. Raises DocumentUnreadable."""
        self.page_count = twice(partial(self._ask, self.numbers)).page_count or 0
        self.numbers = [number for number in self.numbers if number <= self.page_count]

    def __iter__(self) -> Iterator[DrawnPage | UnreadablePage]:
        """Yield pages as the child draws them. Raises DocumentUnreadable."""
        for place, number in enumerate(self.numbers):
            yield self._page(number, self.numbers[place:])
        if self._session.is_open:
            self._session.expect_end()

    def _page(self, number: int, rest: Sequence[int]) -> DrawnPage | UnreadablePage:
        try:
            if not self._session.is_open:
                twice(partial(self._ask, rest))
            return self._receive_page(number)
        except ReaderLost:
            return self._page_alone(number)

    def _page_alone(self, number: int) -> DrawnPage | UnreadablePage:
        try:
            self._ask([number])
            page = self._receive_page(number)
        except ReaderLost as lost:
            return UnreadablePage(number=number, code=lost.code.value)
        self._session.expect_end()
        return page

    def _ask(self, pages: Sequence[int]) -> DocumentOpened:
        message = self._session.ask(self._request | {"pages": list(pages)})
        try:
            return opened_of(message, self._limits)
        except ProtocolError:
            raise self._session.nonsense() from None

    def _receive_page(self, number: int) -> DrawnPage | UnreadablePage:
        message = self._session.receive(self._limits.page_seconds)
        try:
            return drawn_page_of(message, number, self._into)
        except ProtocolError:
            raise self._session.nonsense() from None
