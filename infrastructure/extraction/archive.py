"""ZIP containers within limits: the directory is checked before anything is inflated, and each byte while it is."""

import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from domain.failure import DocumentUnreadable, FailureCode
from infrastructure.extraction.limits import ExtractionLimits

_END = struct.Struct("<4s4H2LH")
_END_MARK = b"PK\x05\x06"
_TAIL_BYTES = 66 * 1024
_MAX_DIRECTORY_BYTES = 16 * 1024 * 1024
_RATIO_MATTERS_BYTES = 32 * 1024 * 1024
_ENCRYPTED = 0x1
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, struct.error, ValueError, OSError)


class Archive:
    """An open ZIP file. All that is read from it counts against one limit."""

    def __init__(self, path: Path, limits: ExtractionLimits) -> None:
        self._limits = limits
        self._unpacked_bytes = 0
        _check_end(path, limits)
        with damage_is_corrupt():
            self._zip = zipfile.ZipFile(path)
        self.names = frozenset(self._zip.namelist())

    def check_directory(self) -> None:
        """Refuse what says by itself that it is too large. Raises DocumentUnreadable."""
        entries = self._zip.infolist()
        unpacked = sum(entry.file_size for entry in entries)
        packed = sum(entry.compress_size for entry in entries)
        ratio = unpacked / max(packed, 1)
        if (
            len(entries) > self._limits.max_zip_entries
            or unpacked > self._limits.max_unpacked_bytes
            or (unpacked > _RATIO_MATTERS_BYTES and ratio > self._limits.max_zip_ratio)
        ):
            raise DocumentUnreadable(FailureCode.TOO_LARGE_UNPACKED)

    def open(self, name: str) -> "LimitedFile":
        """Open an entry. Raises DocumentUnreadable."""
        with damage_is_corrupt():
            try:
                entry = self._zip.getinfo(name)
            except KeyError:
                raise DocumentUnreadable(FailureCode.CORRUPT) from None
            if entry.flag_bits & _ENCRYPTED:
                raise DocumentUnreadable(FailureCode.ENCRYPTED)
            return LimitedFile(self, self._zip.open(entry))

    def count(self, size: int) -> None:
        """Count bytes that were inflated. Raises DocumentUnreadable."""
        self._unpacked_bytes += size
        if self._unpacked_bytes > self._limits.max_unpacked_bytes:
            raise DocumentUnreadable(FailureCode.TOO_LARGE_UNPACKED)


class LimitedFile:
    """An entry being inflated."""

    def __init__(self, archive: Archive, file: IO[bytes]) -> None:
        self._archive = archive
        self._file = file

    def read(self, size: int) -> bytes:
        """Return up to so many bytes. Raises DocumentUnreadable."""
        with damage_is_corrupt():
            data = self._file.read(size)
        self._archive.count(len(data))
        return data


@contextmanager
def damage_is_corrupt() -> Iterator[None]:
    """Turn what the ZIP library says of a damaged file into DocumentUnreadable."""
    try:
        yield
    except DAMAGE as exc:
        raise DocumentUnreadable(FailureCode.CORRUPT) from exc


def _check_end(path: Path, limits: ExtractionLimits) -> None:
    """Look at the size of the directory before the library loads all of it."""
    with path.open("rb") as file:
        file.seek(max(file.seek(0, os.SEEK_END) - _TAIL_BYTES, 0))
        tail = file.read()
    at = tail.rfind(_END_MARK)
    if at < 0 or len(tail) - at < _END.size:
        raise DocumentUnreadable(FailureCode.CORRUPT)
    fields = _END.unpack_from(tail, at)
    entries, directory_bytes = fields[4], fields[5]
    if entries > limits.max_zip_entries or directory_bytes > _MAX_DIRECTORY_BYTES:
        raise DocumentUnreadable(FailureCode.TOO_LARGE_UNPACKED)
