"""One document being read by child processes: what to do when one dies, and what a document without text is called."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from application.ports.extractor import DocumentOpened, ExtractedAttachment
from domain.extracted_page import ExtractedPage, UnreadablePage
from domain.failure import DocumentUnreadable, FailureCode
from infrastructure.extraction.limits import ExtractionLimits
from infrastructure.extraction.sandbox.answers import media_type_of, memory_of, opened_of, page_of
from infrastructure.extraction.sandbox.attachments import AttachmentFolder
from infrastructure.extraction.sandbox.conversion import Conversion
from infrastructure.extraction.sandbox.process import ReaderLost
from infrastructure.extraction.sandbox.protocol import Message, ProtocolError
from infrastructure.extraction.sandbox.session import Readers, ReaderSession, twice

# Far more than a document of the most pages shows; a child in a stranger's hands may say anything.
MOST_MEMORY_CHARACTERS = 16 * 1024 * 1024


class SandboxedStream:
    """One document being read. Iterate once."""

    def __init__(
        self,
        readers: Readers,
        limits: ExtractionLimits,
        path: Path,
        filename: str,
        check: Callable[[], None],
        *,
        scratch: Path | None = None,
        password: str | None,
        folder: AttachmentFolder | None = None,
    ) -> None:
        self._session = ReaderSession(readers, limits, check)
        self._limits = limits
        self._path = path
        self._filename = filename
        self._conversion = Conversion(limits, scratch, check=check)
        self._converted_from: str | None = None
        self._password = password
        self._folder = folder
        self._opened: DocumentOpened | None = None
        self._any_text = False
        self._without_text: Counter[FailureCode] = Counter()
        self._memories: list[str] = []
        self._memory_room = MOST_MEMORY_CHARACTERS

    @property
    def opened(self) -> DocumentOpened:
        """Type and number of pages."""
        if self._opened is None:
            raise RuntimeError("the document is not open")
        return self._opened

    @property
    def attachments(self) -> Sequence[ExtractedAttachment]:
        """The files within the document, once it was read to its end."""
        return self._folder.received if self._folder else ()

    @property
    def attachments_left_out(self) -> int:
        """How many more files were too large or too many."""
        return self._folder.left_out if self._folder else 0

    def start(self) -> None:
        """Open the document. Raises DocumentUnreadable."""
        self._opened = self._open(first=1)

    def close(self) -> None:
        """Free the child; in the middle of a document that means ending it."""
        self._session.end()
        self._conversion.close()

    def __iter__(self) -> Iterator[ExtractedPage | UnreadablePage]:
        """Yield pages as the child reads them. Raises DocumentUnreadable."""
        count = self.opened.page_count
        yield from self._pieces() if count is None else map(self._page, range(1, count + 1))
        if count is not None and self._session.is_open:
            self._session.expect_end()
        if not self._any_text:
            raise DocumentUnreadable(self._why_no_text())

    def _page(self, number: int) -> ExtractedPage | UnreadablePage:
        try:
            if not self._session.is_open:
                self._open(first=number)
            return self._receive_page(number)
        except ReaderLost:
            return self._page_alone(number)

    def _page_alone(self, number: int) -> ExtractedPage | UnreadablePage:
        try:
            self._ask(first=number, last=number)
            page = self._receive_page(number)
        except ReaderLost as lost:
            self._without_text[lost.code] += 1
            return UnreadablePage(number=number, code=lost.code.value)
        self._session.expect_end()
        return page

    def _pieces(self) -> Iterator[ExtractedPage | UnreadablePage]:
        number, tries = 1, 2
        while True:
            try:
                if not self._session.is_open:
                    self._ask(first=number)
                message = self._session.receive(self._limits.page_seconds)
                if message["type"] == "end":
                    self._session.done(message)
                    return
                if self._is_of_attachments(message):
                    continue
                page = self._page_of(message, number)
            except ReaderLost as lost:
                tries -= 1
                if not tries:
                    raise DocumentUnreadable(lost.code) from lost
                continue
            number += 1
            yield page

    def _is_of_attachments(self, message: Message) -> bool:
        try:
            return self._folder is not None and self._folder.take(message)
        except ProtocolError:
            raise self._session.nonsense() from None

    def _open(self, *, first: int) -> DocumentOpened:
        """Open at a page; if that ends the child, once more in a fresh one. Raises DocumentUnreadable."""
        return twice(partial(self._ask, first=first))

    def _ask(self, *, first: int, last: int | None = None) -> DocumentOpened:
        request = {"type": "read", "path": str(self._path), "filename": self._filename, "first": first, "last": last}
        request["memories"] = self._memories
        if self._folder:
            self._folder.clear()
        asked = {
            "password": self._password,
            "limits": asdict(self._limits),
            "attachments": self._folder is not None,
        }
        message = self._session.ask(request | asked)
        if message["type"] == "convert" and self._converted_from is None:
            self._convert(message)
            return self._ask(first=first, last=last)
        try:
            opened = opened_of(message, self._limits)
        except ProtocolError:
            raise self._session.nonsense() from None
        return replace(opened, media_type=self._converted_from or opened.media_type)

    def _convert(self, message: Message) -> None:
        """Have the document made one that a child can read. Raises DocumentUnreadable, ReaderLost."""
        self._session.done(message)
        try:
            media_type = media_type_of(message)
            self._path = self._conversion.of(self._path, message.get("to"))
        except ProtocolError:
            raise self._session.nonsense() from None
        self._filename, self._converted_from = self._path.name, media_type

    def _receive_page(self, number: int) -> ExtractedPage | UnreadablePage:
        return self._page_of(self._session.receive(self._limits.page_seconds), number)

    def _page_of(self, message: Message, number: int) -> ExtractedPage | UnreadablePage:
        try:
            page, without_text = page_of(message, number, paged=self.opened.page_count is not None)
            self._remember(memory_of(message))
        except ProtocolError:
            raise self._session.nonsense() from None
        if without_text is None:
            self._any_text = True
        else:
            self._without_text[without_text] += 1
        return page

    def _remember(self, memory: str) -> None:
        """Keep what a page has shown, for a child that goes on where this one dies."""
        self._memory_room -= len(memory)
        if memory and self._memory_room >= 0:
            self._memories.append(memory)

    def _why_no_text(self) -> FailureCode:
        if self._without_text[FailureCode.NEEDS_OCR]:
            return FailureCode.NEEDS_OCR
        del self._without_text[FailureCode.NEEDS_OCR]
        odd = Counter({code: n for code, n in self._without_text.items() if code is not FailureCode.NO_TEXT})
        return odd.most_common(1)[0][0] if odd else FailureCode.NO_TEXT
