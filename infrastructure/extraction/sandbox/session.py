"""One piece of work with child processes: a child is taken, asked, listened to, and given back or ended."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from domain.failure import DocumentUnreadable, FailureCode
from infrastructure.extraction.limits import ExtractionLimits
from infrastructure.extraction.sandbox.answers import failure_of
from infrastructure.extraction.sandbox.process import ReaderLost, ReaderProcess
from infrastructure.extraction.sandbox.protocol import Message, ProtocolError

WORTH_ANOTHER_TRY = {FailureCode.PARSER_CRASHED, FailureCode.PARSER_TIMEOUT, FailureCode.OUT_OF_MEMORY}

_Answer = TypeVar("_Answer")


class Readers(Protocol):
    """Where child processes come from."""

    def take(self, *, check: Callable[[], None]) -> ReaderProcess:
        """Return a child that waits for work."""
        ...

    def give_back(self, reader: ReaderProcess) -> None:
        """Take a child back that has done its work."""
        ...


class ReaderSession:
    """Has one child at most. After ReaderLost it has none, and the next question goes to a fresh one."""

    def __init__(self, readers: Readers, limits: ExtractionLimits, check: Callable[[], None]) -> None:
        self._readers = readers
        self._limits = limits
        self._check = check
        self._reader: ReaderProcess | None = None

    @property
    def is_open(self) -> bool:
        """True while a child is at work."""
        return self._reader is not None

    def ask(self, request: Message) -> Message:
        """Give a child work, and return its first answer. Raises ReaderLost, DocumentUnreadable."""
        self._reader = self._readers.take(check=self._check)
        try:
            self._reader.send(request)
        except ReaderLost:
            self._reader = None
            raise
        return self.receive(self._limits.open_seconds)

    def receive(self, seconds: float) -> Message:
        """Wait for a message. Raises ReaderLost, and DocumentUnreadable where the child says so."""
        if self._reader is None:
            raise RuntimeError("the document is closed")
        try:
            message = self._reader.receive(seconds, check=self._check)
        except ReaderLost:
            self._reader = None
            raise
        if message["type"] == "failed":
            raise self._failure(message)
        return message

    def expect_end(self) -> None:
        """Take the child's last word and keep the child; all is here, so its death no longer matters."""
        try:
            message = self.receive(self._limits.page_seconds)
        except ReaderLost:
            return
        if message["type"] == "end":
            self.done(message)
        else:
            self.end()

    def done(self, message: Message) -> None:
        """Give the child back: this was its last word."""
        if self._reader:
            self._reader.documents += 1
            peak = message.get("peak_bytes")
            self._reader.peak_bytes = peak if isinstance(peak, int) else 0
            self._readers.give_back(self._reader)
            self._reader = None

    def end(self) -> None:
        """Free the child; in the middle of its work that means ending it. May be repeated."""
        if self._reader:
            self._reader.kill()
            self._reader = None

    def nonsense(self) -> ReaderLost:
        """End a child that said what it must not say, and return the error to raise."""
        self.end()
        return ReaderLost(FailureCode.PARSER_CRASHED)

    def _failure(self, message: Message) -> Exception:
        """Return what a child's `failed` means; where its own state is in doubt, the child is ended."""
        if message.get("code") == "file_unavailable":
            self.end()
            return OSError("the parser cannot open the file")
        try:
            failure = failure_of(message)
        except ProtocolError:
            return self.nonsense()
        if failure.failure_code in WORTH_ANOTHER_TRY:
            self.end()
            return ReaderLost(failure.failure_code)
        self.done(message)
        return failure


def twice(ask: Callable[[], _Answer]) -> _Answer:
    """Ask; if that ends the child, once more a fresh one. Raises DocumentUnreadable."""
    try:
        return ask()
    except ReaderLost:
        pass
    try:
        return ask()
    except ReaderLost as lost:
        raise DocumentUnreadable(lost.code) from lost
