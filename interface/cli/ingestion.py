"""Sends files and follows their documents to the end; tells what happens, shows nothing."""

import queue
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from esteira_client import DocumentStatus
from interface.cli.client import MAX_CHECKSUMS_PER_CALL, ApiClient
from interface.cli.events import Asked, Ended, Event, FileResult, Moved, Outcome, Sending
from interface.cli.following import Following
from interface.cli.local_files import Stopped, display_name, size_at_a_glance
from interface.cli.problem import ApiProblem
from interface.cli.upload import Submitted, UploadFiles, failed

UPLOADS_AT_ONCE = 4
# Few files go one by one, so that the first is worked on while others are sent.
ROUNDS = 4
# Nothing is worked on before its batch is sent, nor must a slow line take longer for it than URLs live.
BATCH_BYTES = 16 << 20
LEAVING_SECONDS = 2.0
# What uploads may run ahead of the telling; it bounds memory, not the uploads that wait on the server.
WAITING_EVENTS = 1000


@dataclass(frozen=True, slots=True)
class _Broke:
    """An upload thread cannot go on: an outage, or a mistake of ours."""

    error: Exception


@dataclass(frozen=True, slots=True)
class _Left:
    """An upload thread has nothing left to do."""


class Ingestion:
    """One run over some files. Iterate `events` to the end, or leave it and call `stop`."""

    def __init__(self, api: ApiClient, files: Sequence[Path], *, again: bool = False) -> None:
        self.results: list[FileResult] = []
        self.following: dict[str, Submitted] = {}
        self.outage: ApiProblem | None = None
        self._api = api
        self._stop = threading.Event()
        self._open = {display_name(file): None for file in files}
        self._todo = iter(files)
        self._todo_lock = threading.Lock()
        self._happened: queue.Queue[Event | Submitted | _Broke | _Left] = queue.Queue(WAITING_EVENTS)
        self._states = Following(api)
        self._batch_files = min(MAX_CHECKSUMS_PER_CALL, max(1, len(files) // (UPLOADS_AT_ONCE * ROUNDS)))
        self._upload = UploadFiles(api=api, again=again, stop=self._stop, tell=self._tell)
        self._threads = [threading.Thread(target=self._upload_files, daemon=True) for _ in range(UPLOADS_AT_ONCE)]

    def events(self) -> Iterator[Event]:
        """Yield all that happens until each file has ended, or an outage ends it all: then `outage` says so."""
        for thread in self._threads:
            thread.start()
        try:
            yield from self._happenings()
        except ApiProblem as problem:
            yield from self.stop()
            self.outage = problem

    def stop(self) -> list[Ended]:
        """End the uploads, learn which documents the server has, and return what had ended unheard."""
        ended: list[Ended] = []
        self._stop.set()
        self._api.stop()
        leave_by = time.monotonic() + LEAVING_SECONDS
        while any(thread.is_alive() for thread in self._threads) and time.monotonic() < leave_by:
            ended += self._note_rest()
            time.sleep(0.01)
        return ended + self._note_rest()

    def _happenings(self) -> Iterator[Event]:
        uploading = len(self._threads)
        while uploading or self.following:
            if self.following and time.monotonic() >= self._states.due_at:
                yield from self._poll()
            match self._next(wait_seconds=self._states.due_at - time.monotonic() if self.following else 1.0):
                case Submitted() as submitted:
                    self._follow(submitted)
                case _Left():
                    uploading -= 1
                case _Broke(error):
                    raise error
                case Ended(result):
                    yield self._ended(result)
                case Sending() | Moved() | Asked() as event:
                    yield event
                case None:
                    pass

    def _next(self, *, wait_seconds: float) -> Event | Submitted | _Broke | _Left | None:
        try:
            return self._happened.get(timeout=max(0.0, wait_seconds))
        except queue.Empty:
            return None

    def _poll(self) -> Iterator[Event]:
        yield Asked()
        for answer in self._states.poll():
            if isinstance(answer, str):
                yield self._ended(_gone(self.following.pop(answer)))
            elif answer.is_final:
                yield self._ended(_result(self.following.pop(answer.document_id), answer))
            else:
                yield Moved(self.following[answer.document_id].name, answer)

    def _follow(self, submitted: Submitted) -> None:
        self.following[submitted.document_id] = submitted
        self._states.add(submitted.document_id)

    def _ended(self, result: FileResult) -> Ended:
        self._open.pop(result.name, None)
        self.results.append(result)
        return Ended(result)

    def unfinished(self) -> list[FileResult]:
        """Return the files that have not ended, after `stop` or an outage."""
        on_server = {submitted.name: submitted for submitted in self.following.values()}
        return [_unfinished(name, on_server.get(name), self.outage) for name in self._open]

    def _note_rest(self) -> list[Ended]:
        ended = []
        while (event := self._next(wait_seconds=0)) is not None:
            if isinstance(event, Submitted):
                self.following[event.document_id] = event
            elif isinstance(event, Ended):
                ended.append(self._ended(event.result))
        return ended

    def _tell(self, event: Event | Submitted | _Broke | _Left) -> None:
        self._happened.put(event)

    def _upload_files(self) -> None:
        try:
            while not self._stop.is_set() and (paths := self._next_files()):
                for event in self._uploaded(paths):
                    self._tell(event)
        except Stopped:
            pass
        except Exception as error:  # noqa: BLE001 (it is raised again where the run is told)
            self._tell(_Broke(error))
        finally:
            self._tell(_Left())

    def _uploaded(self, paths: Sequence[Path]) -> Iterator[Submitted | Ended]:
        """Upload a batch; a call that is refused for all of it ends those of its files that have not ended."""
        left = {display_name(path): None for path in paths}
        try:
            for event in self._upload(paths):
                left.pop(event.result.name if isinstance(event, Ended) else event.name)
                yield event
        except ApiProblem as problem:
            if problem.outage:
                raise
            yield from (failed(name, problem.code, problem.detail) for name in left)

    def _next_files(self) -> list[Path]:
        """Take the next few files; the first of many bytes ends the batch."""
        batch: list[Path] = []
        left = BATCH_BYTES
        with self._todo_lock:
            while left > 0 and len(batch) < self._batch_files and (path := next(self._todo, None)) is not None:
                batch.append(path)
                left -= size_at_a_glance(path)
        return batch


def _unfinished(name: str, submitted: Submitted | None, outage: ApiProblem | None) -> FileResult:
    code, sentence = (outage.code, outage.detail) if outage else (None, None)
    if submitted is None:
        return FileResult(name=name, outcome=Outcome.NOT_SENT, code=code, sentence=sentence)
    return FileResult(
        name=name,
        outcome=Outcome.UNFINISHED,
        document_id=submitted.document_id,
        code=code,
        sentence=sentence,
        size_bytes=submitted.size_bytes,
        checksum_sha256=submitted.checksum_sha256,
    )


def _gone(submitted: Submitted) -> FileResult:
    return FileResult(
        name=submitted.name,
        outcome=Outcome.FAILED,
        document_id=submitted.document_id,
        code="document_not_found",
        sentence="The document was deleted while it was processed.",
        size_bytes=submitted.size_bytes,
        checksum_sha256=submitted.checksum_sha256,
    )


def _result(submitted: Submitted, answer: DocumentStatus) -> FileResult:
    outcome = Outcome(answer.status)
    sentence, code = (answer.error.message, answer.error.code) if answer.error else (None, None)
    is_completed = outcome is Outcome.COMPLETED
    if outcome is Outcome.COMPLETED and submitted.was_there:
        outcome, sentence = Outcome.SKIPPED, "already there, and now completed"
    if outcome is Outcome.CANCELLED:
        sentence = sentence or "The processing was cancelled."
    return FileResult(
        name=submitted.name,
        outcome=outcome,
        document_id=submitted.document_id,
        code=code or (None if outcome in {Outcome.COMPLETED, Outcome.SKIPPED} else outcome.value),
        sentence=sentence,
        pages=answer.pages_total if is_completed else answer.pages_done,
        chunks=answer.chunks_total if is_completed else answer.chunks_done,
        seconds=_seconds(answer),
        size_bytes=submitted.size_bytes,
        checksum_sha256=submitted.checksum_sha256,
        warnings=answer.warnings,
        unreadable=[asdict(page) for page in answer.unreadable],
    )


def _seconds(answer: DocumentStatus) -> float | None:
    if not answer.started_at or not answer.completed_at:
        return None
    return (answer.completed_at - answer.started_at).total_seconds()
