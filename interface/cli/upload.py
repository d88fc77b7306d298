"""Sends some files and asks for their processing, unless their bytes are there already."""

import mimetypes
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from domain.document import DocumentStatus
from esteira_client import Document, NewDocument, Progress, SingleUpload, UploadInParts
from interface.cli.client import ApiClient
from interface.cli.events import Ended, Event, FileResult, Outcome, Sending
from interface.cli.local_files import FileProblem, LocalFile, display_name, filename_to_send
from interface.cli.problem import ApiProblem

# A larger file is sent in parts, of which a broken connection costs one.
LARGEST_PUT_BYTES = 64 * 1024**2
IN_FLIGHT = frozenset({DocumentStatus.PENDING, DocumentStatus.PROCESSING})
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
class UploadFiles:
    """Runs in several threads. `tell` is called from them."""

    api: ApiClient
    again: bool
    stop: threading.Event
    tell: Callable[[Event], None]
    claims: Claims = field(default_factory=Claims)

    def __call__(self, paths: Sequence[Path]) -> Iterator[Submitted | Ended]:
        """Yield of each what to follow, or how it ended already. Raises Stopped, ApiProblem for an outage.

        All are announced in one call, and their processing is asked for in one: at most as many as one call takes.
        """
        unsent: list[_Unsent] = []
        for path in paths:
            read = self._read(path)
            if isinstance(read, Ended):
                yield read
            else:
                unsent.append(read)
        there = {} if self.again else self.api.documents_of_bytes([each.file.checksum_sha256 for each in unsent])
        new: list[_Unsent] = []
        sent: list[Submitted] = []
        for each in unsent:
            known = self._known(each, there.get(each.file.checksum_sha256, ()))
            if known is None:
                new.append(each)
            elif isinstance(known, UploadInParts):
                yield from self._caught(each, known, sent)
            else:
                yield known
        for each, upload in zip(new, self._presigned(new), strict=True):
            yield from self._caught(each, upload, sent)
        yield from self._processed(sent)

    def _read(self, path: Path) -> "_Unsent | Ended":
        name = display_name(path)
        try:
            file = LocalFile.open(path, self.stop)
            self.tell(Sending(name, "Reading", 0))
            file.compute_checksum()
        except FileProblem as problem:
            return failed(name, problem.code, problem.detail)
        first = name if self.again else self.claims.owner(file.checksum_sha256, name)
        if first != name:
            return _skipped(name, file, sentence=f"the same bytes as {first}")
        return _Unsent(name, file)

    def _known(self, unsent: "_Unsent", there: Sequence[Document]) -> Submitted | Ended | UploadInParts | None:
        """Look for the same bytes on the server; what failed there is tried again."""
        for document in there:
            if document.status == DocumentStatus.COMPLETED:
                return _skipped(unsent.name, unsent.file, sentence="already there", document_id=document.document_id)
        for document in there:
            if document.status in IN_FLIGHT:
                return unsent.submitted(document.document_id, was_there=True)
        if unsent.file.size_bytes > LARGEST_PUT_BYTES:
            for document in there:
                if document.filename == filename_to_send(unsent.file.path) and (upload := self._broken_off(document)):
                    return upload
        return None

    def _broken_off(self, document: Document) -> UploadInParts | None:
        """Return an upload that an earlier run began, if it is open still."""
        if document.status != DocumentStatus.AWAITING_UPLOAD:
            return None
        try:
            return self.api.open_upload(document.document_id)
        except ApiProblem as problem:
            if problem.outage:
                raise
            return None

    def _presigned(self, unsent: Sequence["_Unsent"]) -> Sequence[SingleUpload | UploadInParts | ApiProblem]:
        return self.api.presign([each.promise() for each in unsent]) if unsent else ()

    def _caught(
        self, unsent: "_Unsent", upload: SingleUpload | UploadInParts | ApiProblem, sent: list[Submitted]
    ) -> Iterator[Ended]:
        """Send one file; what goes wrong with it ends it alone."""
        try:
            if isinstance(upload, ApiProblem):
                raise upload
            self.api.send(upload, unsent.file, on_progress=_Teller(unsent.name, self.tell))
            sent.append(unsent.submitted(upload.document_id))
        except FileProblem as problem:
            yield failed(unsent.name, problem.code, problem.detail)
        except ApiProblem as problem:
            if problem.outage:
                raise
            yield failed(unsent.name, problem.code, problem.detail)

    def _processed(self, sent: Sequence[Submitted]) -> Iterator[Submitted | Ended]:
        if not sent:
            return
        for each, problem in zip(sent, self.api.process_all([each.document_id for each in sent]), strict=True):
            try:
                if problem and problem.outage:
                    self.api.process(each.document_id)  # alone it is asked for with patience
                elif problem:
                    raise problem
                yield each
            except ApiProblem as final:
                if final.outage:
                    raise
                yield failed(each.name, final.code, final.detail)


@dataclass(frozen=True, slots=True)
class _Unsent:
    """A file whose checksum is known."""

    name: str
    file: LocalFile

    def promise(self) -> NewDocument:
        filename = filename_to_send(self.file.path)
        return NewDocument(
            filename=filename,
            size_bytes=self.file.size_bytes,
            content_type=guess_content_type(filename),
            checksum_sha256=self.file.checksum_sha256,
            multipart=self.file.size_bytes > LARGEST_PUT_BYTES,
        )

    def submitted(self, document_id: str, *, was_there: bool = False) -> Submitted:
        return Submitted(self.name, document_id, self.file.size_bytes, self.file.checksum_sha256, was_there)


def failed(name: str, code: str, sentence: str) -> Ended:
    """Return the end of a file that was not sent."""
    return Ended(FileResult(name=name, outcome=Outcome.FAILED, code=code, sentence=sentence))


def _skipped(name: str, file: LocalFile, *, sentence: str, document_id: str | None = None) -> Ended:
    return Ended(
        FileResult(
            name=name,
            outcome=Outcome.SKIPPED,
            document_id=document_id,
            sentence=sentence,
            size_bytes=file.size_bytes,
            checksum_sha256=file.checksum_sha256,
        )
    )


def guess_content_type(filename: str) -> str | None:
    """Return the type that the name suggests, None to leave it to the server."""
    return CONTENT_TYPES.get(Path(filename).suffix.lower()) or mimetypes.guess_type(filename)[0]


@dataclass(slots=True)
class _Teller:
    """Tells now and then how much of a file is sent."""

    name: str
    tell: Callable[[Event], None]
    told_at: float = 0.0

    def __call__(self, progress: Progress) -> None:
        if time.monotonic() - self.told_at >= TELL_EVERY_SECONDS:
            self.told_at = time.monotonic()
            self.tell(Sending(self.name, "Sending", progress.sent_bytes / max(1, progress.size_bytes)))
