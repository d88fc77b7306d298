"""The adapter of the port DetailsReader: a child process reads what a file says of itself, and may die of it."""

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

from domain.document_details import DocumentDetails
from infrastructure.extraction.sandbox.descriptions import details_of
from infrastructure.extraction.sandbox.extractor import SandboxedExtractor
from infrastructure.extraction.sandbox.protocol import Message, ProtocolError
from infrastructure.extraction.sandbox.session import ReaderSession, twice


class SandboxedDetailsReader:
    """Reads with the children of an extractor."""

    def __init__(self, readers: SandboxedExtractor) -> None:
        self._readers = readers

    def read(self, path: Path, *, filename: str, check: Callable[[], None]) -> DocumentDetails:
        """See the port."""
        path.stat()  # a missing file is the caller's fault, not the document's
        session = ReaderSession(self._readers, self._readers.limits, check)
        request = {"type": "describe", "path": str(path.resolve()), "filename": filename}
        try:
            return twice(partial(_asked, session, request | {"limits": asdict(self._readers.limits)}))
        finally:
            session.end()


def _asked(session: ReaderSession, request: Message) -> DocumentDetails:
    message = session.ask(request)
    try:
        details = details_of(message)
    except ProtocolError:
        raise session.nonsense() from None
    session.expect_end()
    return details
