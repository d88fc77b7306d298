"""Sends one file and asks for its processing, unless its bytes are there already."""

import mimetypes
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from domain.document import DocumentStatus
from interface.cli.answers import IN_FLIGHT
from interface.cli.client import ApiClient, NewUpload
from interface.cli.events import Ended, Event, FileResult, Outcome, Sending
from interface.cli.local_files import FileProblem, LocalFile, display_name, filename_to_send

MAX_PUT_BYTES = 5 * 1024**3
TELL_EVERY_SECONDS = 0.2
# Python's own table lacks it.
CONTENT_TYPES: Mapping[str, str] = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


@dataclass(frozen=True, slots=True)
class Submitted:
    """A document whose processing was asked for. `was_there` if its bytes were not sent, as they were there."""

    name: str
    document_id: str
    size_bytes: int
    checksum_sha256: str
    was_there: bool = False


class Claims:
    """The checksums of this run, so that two files of the same bytes are not sent at the same time."""

    def __init__(self) -> None:
        self._owners: dict[str, str] = {}
        self._lock = threading.Lock()

    def owner(self, checksum: str, name: str) -> str:
        """Return the name that came first with these bytes."""
        with self._lock:
            return self._owners.setdefault(checksum, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadFile:
    """Runs in several threads. `tell` is called from them."""

    api: ApiClient
    again: bool
    stop: threading.Event
    tell: Callable[[Event], None]
    claims: Claims = field(default_factory=Claims)

    def __call__(self, path: Path) -> Submitted | Ended:
        """Return what to follow, or how it ended already. Raises ApiProblem, FileProblem, Stopped."""
        name = display_name(path)
        file = LocalFile.open(path, self.stop)
        if file.version.size_bytes > MAX_PUT_BYTES:
            raise FileProblem("too_large", "The file is larger than 5 GiB, which one upload cannot carry. Split it.")
        self.tell(Sending(name, "Reading", 0))
        file.compute_checksum()
        if not self.again and (known := self._known(name, file)):
            return known
        return self._send(name, file)

    def _known(self, name: str, file: LocalFile) -> Submitted | Ended | None:
        """Look for the same bytes in this run and on the server; what failed there is tried again."""
        first = self.claims.owner(file.checksum_sha256, name)
        if first != name:
            return self._skipped(name, file, sentence=f"the same bytes as {first}")
        there = self.api.documents_of_bytes(file.checksum_sha256)
        for document in there:
            if document.status is DocumentStatus.COMPLETED:
                return self._skipped(name, file, sentence="already there", document_id=document.document_id)
        for document in there:
            if document.status in IN_FLIGHT:
                return self._submitted(name, file, document.document_id, was_there=True)
        return None

    def _send(self, name: str, file: LocalFile) -> Submitted:
        filename = filename_to_send(file.path)
        upload = self.api.presign(
            NewUpload(
                filename=filename,
                size_bytes=file.version.size_bytes,
                content_type=guess_content_type(filename),
                checksum_sha256=file.checksum_sha256,
            )
        )
        self.api.put(upload, size_bytes=file.version.size_bytes, body=_Told(file, name, self.tell))
        self.api.process(upload.document_id)
        return self._submitted(name, file, upload.document_id)

    def _skipped(self, name: str, file: LocalFile, *, sentence: str, document_id: str | None = None) -> Ended:
        return Ended(
            FileResult(
                name=name,
                outcome=Outcome.SKIPPED,
                document_id=document_id,
                sentence=sentence,
                size_bytes=file.version.size_bytes,
                checksum_sha256=file.checksum_sha256,
            )
        )

    def _submitted(self, name: str, file: LocalFile, document_id: str, *, was_there: bool = False) -> Submitted:
        return Submitted(name, document_id, file.version.size_bytes, file.checksum_sha256, was_there)


def guess_content_type(filename: str) -> str | None:
    """Return the type that the name suggests, None to leave it to the server."""
    return CONTENT_TYPES.get(Path(filename).suffix.lower()) or mimetypes.guess_type(filename)[0]


@dataclass(frozen=True, slots=True)
class _Told:
    """The file's bytes, telling now and then how far it is."""

    file: LocalFile
    name: str
    tell: Callable[[Event], None]

    def __iter__(self) -> Iterator[bytes]:
        told_at = 0.0
        for block in self.file:
            if time.monotonic() - told_at >= TELL_EVERY_SECONDS:
                told_at = time.monotonic()
                self.tell(Sending(self.name, "Sending", self.file.sent_bytes / self.file.version.size_bytes))
            yield block
