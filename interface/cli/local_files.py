"""The files to send: found in a fixed order, read twice, and noticed when they change in between."""

import hashlib
import os
import stat
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

READ_BYTES = 1 << 20


class FileProblem(Exception):
    """A local file cannot be sent."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class Stopped(Exception):
    """The person at the keyboard has had enough."""


def find_files(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield files as given, those of folders sorted by name, each once.

    Hidden entries, devices and pipes inside folders are left out; folders that cannot be listed are yielded as they
    are, so that they are told when they are read.
    """
    seen: set[str] = set()
    walked: set[tuple[int, int]] = set()
    pending = list(reversed(list(paths)))
    while pending:
        path = pending.pop()
        status = _status(path)
        if status and stat.S_ISDIR(status.st_mode):
            if (status.st_dev, status.st_ino) in walked:
                continue
            walked.add((status.st_dev, status.st_ino))
            try:
                pending.extend(reversed(_entries(path)))
                continue
            except OSError:
                pass
        place = os.path.abspath(path)  # noqa: PTH100 (links stay as they are)
        if place not in seen:
            seen.add(place)
            yield path


def _entries(folder: Path) -> list[Path]:
    visible = (entry for entry in folder.iterdir() if not entry.name.startswith("."))
    ordered = sorted(visible, key=lambda entry: os.fsencode(entry.name))
    return [entry for entry in ordered if _is_file_or_folder(_status(entry))]


def _is_file_or_folder(status: os.stat_result | None) -> bool:
    """What cannot even be looked at stays in, to be told."""
    return status is None or stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


def size_at_a_glance(path: Path) -> int:
    """Return the size of a file, 0 where that cannot be told."""
    status = _status(path)
    return status.st_size if status else 0


def display_name(path: Path) -> str:
    """Return the path as text; bytes that are no UTF-8 show as escapes, so that two names never look the same."""
    return os.fsencode(path).decode("utf-8", errors="backslashreplace")


def filename_to_send(path: Path) -> str:
    """Return the last part as text that JSON can carry."""
    return os.fsencode(path.name).decode("utf-8", errors="replace")


@dataclass(frozen=True, slots=True)
class Version:
    """What tells one content of a file from another without reading it."""

    size_bytes: int
    modified_ns: int


@dataclass(slots=True)
class LocalFile:
    """A Source: a file that is read for its checksum, then for its bytes; both must be the same."""

    path: Path
    version: Version
    stop: threading.Event
    checksum_sha256: str = ""

    @classmethod
    def open(cls, path: Path, stop: threading.Event) -> "LocalFile":
        """Look at the file, reading nothing yet. Raises FileProblem."""
        try:
            status = path.stat()
        except OSError as error:
            raise _problem_of(error) from error
        if stat.S_ISDIR(status.st_mode):
            raise FileProblem("unreadable_file", "This folder cannot be listed; its permissions forbid it.")
        if not stat.S_ISREG(status.st_mode):
            raise FileProblem("unreadable_file", "This is no ordinary file.")
        return cls(path, Version(status.st_size, status.st_mtime_ns), stop)

    def compute_checksum(self) -> None:
        """Read the file for its SHA-256. Raises FileProblem, Stopped."""
        digest = hashlib.sha256()
        for block in self._blocks(0, self.size_bytes):
            digest.update(block)
        self.checksum_sha256 = digest.hexdigest()

    @property
    def size_bytes(self) -> int:
        """How large it was when it was looked at."""
        return self.version.size_bytes

    def blocks(self, first: int, end: int) -> Iterator[bytes]:
        """Yield the bytes from `first` to before `end`. Raises FileProblem, Stopped."""
        digest = hashlib.sha256()
        for block in self._blocks(first, end):
            digest.update(block)
            yield block
        is_whole = (first, end) == (0, self.size_bytes)
        if is_whole and digest.hexdigest() != self.checksum_sha256:
            raise _changed()

    def _blocks(self, first: int, end: int) -> Iterator[bytes]:
        left = end - first
        try:
            with self.path.open("rb") as file:
                file.seek(first)
                while left:
                    if self.stop.is_set():
                        raise Stopped
                    block = file.read(min(READ_BYTES, left))
                    if not block:
                        raise _changed()
                    left -= len(block)
                    yield block
                status = os.fstat(file.fileno())
        except OSError as error:
            raise _problem_of(error) from error
        if Version(status.st_size, status.st_mtime_ns) != self.version:
            raise _changed()


def unusable(paths: Sequence[Path]) -> str | None:
    """Return a sentence about the first path that was named and cannot be used, None if all can."""
    for path in paths:
        name = display_name(path)
        try:
            mode = path.stat().st_mode
        except FileNotFoundError:
            return f"There is no {name}."
        except OSError as error:
            return f"{name} cannot be read: {error.strerror}."
        if not stat.S_ISDIR(mode) and not stat.S_ISREG(mode):
            return f"{name} is neither a file nor a folder."
        if not os.access(path, os.R_OK | (os.X_OK if stat.S_ISDIR(mode) else 0)):
            return f"{name} cannot be read: its permissions forbid it."
    return None


def _changed() -> FileProblem:
    return FileProblem("file_changed", "The file changed while it was read. Try again when nothing writes to it.")


def _problem_of(error: OSError) -> FileProblem:
    if isinstance(error, FileNotFoundError):
        return FileProblem("file_gone", "There is no such file any more.")
    if isinstance(error, PermissionError):
        return FileProblem("unreadable_file", "The file cannot be read: its permissions forbid it.")
    return FileProblem("unreadable_file", f"The file cannot be read: {error.strerror or 'unknown error'}.")
