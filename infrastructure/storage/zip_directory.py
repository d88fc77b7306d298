"""The directory of a ZIP file, counted before a library loads it into memory (APPNOTE.TXT 4.3.12 to 4.3.16)."""

import os
import struct
from pathlib import Path

from domain.failure import DocumentUnreadable, FailureCode

MAX_ENTRIES = 100_000
MAX_DIRECTORY_BYTES = 64 * 1024 * 1024
_TAIL_BYTES = 66 * 1024
_END = struct.Struct("<4s4H2LH")
_END_MARK = b"PK\x05\x06"
_LOCATOR_BYTES = 20
_LOCATOR_MARK = b"PK\x06\x07"
_END_64 = struct.Struct("<4sQ2H2L4Q")
_END_64_MARK = b"PK\x06\x06"
_ENTRY_BYTES = 46
_ENTRY_MARK = b"PK\x01\x02"
_LENGTHS = struct.Struct("<3H")
_LENGTHS_AT = 28


def check_directory(path: Path) -> None:
    """Refuse a file without a directory, or with one too large. Raises DocumentUnreadable."""
    with path.open("rb") as file:
        size_bytes = file.seek(0, os.SEEK_END)
        file.seek(max(size_bytes - _TAIL_BYTES, 0))
        tail = file.read()
        ends_at, directory_bytes = _end(tail)
        if directory_bytes > MAX_DIRECTORY_BYTES:
            raise DocumentUnreadable(FailureCode.TOO_LARGE_UNPACKED)
        starts_at = size_bytes - len(tail) + ends_at - directory_bytes
        if starts_at < 0:
            raise DocumentUnreadable(FailureCode.CORRUPT)
        file.seek(starts_at)
        if _count(file.read(directory_bytes)) > MAX_ENTRIES:
            raise DocumentUnreadable(FailureCode.TOO_LARGE_UNPACKED)


def _end(tail: bytes) -> tuple[int, int]:
    """Return where in `tail` the directory ends, and how many bytes it has."""
    at = tail.rfind(_END_MARK)
    if at < 0 or len(tail) - at < _END.size:
        raise DocumentUnreadable(FailureCode.CORRUPT)
    end_64_at = at - _LOCATOR_BYTES - _END_64.size
    is_64 = tail[at - _LOCATOR_BYTES :].startswith(_LOCATOR_MARK) and tail[max(end_64_at, 0) :].startswith(_END_64_MARK)
    if end_64_at >= 0 and is_64:
        return end_64_at, int(_END_64.unpack_from(tail, end_64_at)[8])
    return at, int(_END.unpack_from(tail, at)[5])


def _count(directory: bytes) -> int:
    count = at = 0
    while directory.startswith(_ENTRY_MARK, at) and len(directory) - at >= _ENTRY_BYTES:
        at += _ENTRY_BYTES + sum(_LENGTHS.unpack_from(directory, at + _LENGTHS_AT))
        count += 1
    return count
