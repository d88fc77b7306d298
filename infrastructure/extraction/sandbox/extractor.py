"""The adapter of the port Extractor: documents are read by a child process, which may die of them."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from infrastructure.extraction.limits import ExtractionLimits
from infrastructure.extraction.sandbox.attachments import AttachmentFolder
from infrastructure.extraction.sandbox.process import CHILD_COMMAND, ReaderProcess
from infrastructure.extraction.sandbox.stream import SandboxedStream


class SandboxedExtractor:
    """Keeps one child warm and reads one document at a time with it; more at once get a child each.

    `scratch` is where LibreOffice may write, a folder of its own each time. `child_command` is for tests: the start of
    the child's command line.
    """

    def __init__(
        self,
        limits: ExtractionLimits | None = None,
        *,
        scratch: Path | None = None,
        child_command: Sequence[str] = CHILD_COMMAND,
    ) -> None:
        self.limits = limits or ExtractionLimits()
        self._scratch = scratch
        self._command = child_command
        self._lock = threading.Lock()
        self._idle: ReaderProcess | None = None

    @contextmanager
    def open(
        self,
        path: Path,
        *,
        filename: str,
        check: Callable[[], None],
        password: str | None = None,
        attachments_into: Path | None = None,
    ) -> Iterator[SandboxedStream]:
        """See the port."""
        path.stat()  # a missing file is the caller's fault, not the document's
        folder = AttachmentFolder(attachments_into, self.limits) if attachments_into else None
        stream = SandboxedStream(
            self,
            self.limits,
            path.resolve(),
            filename,
            check,
            scratch=self._scratch,
            password=password,
            folder=folder,
        )
        try:
            stream.start()
            yield stream
        finally:
            stream.close()

    def take(self, *, check: Callable[[], None]) -> ReaderProcess:
        """Return a child that waits for work: the warm one, or a new one. Raises ParserUnavailable, or as `check`."""
        with self._lock:
            reader, self._idle = self._idle, None
        if reader and reader.alive():
            return reader
        if reader:
            reader.kill()
        return ReaderProcess(self._command, self.limits, check=check)

    def give_back(self, reader: ReaderProcess) -> None:
        """Keep a child that has done its work, unless it is worn or there is one already."""
        with self._lock:
            keep = self._idle is None and not reader.worn()
            if keep:
                self._idle = reader
        if not keep:
            reader.kill()

    def close(self) -> None:
        """End the warm child. The extractor can still be used, with a new one."""
        with self._lock:
            reader, self._idle = self._idle, None
        if reader:
            reader.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
