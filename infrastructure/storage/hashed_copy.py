"""Copies a stream to a file and hashes it on the way."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from domain.errors import StorageUnavailable

# Small enough that a cancel is noticed within seconds on a slow line too.
_CHUNK_BYTES = 1 << 17
_NO_COPY = "The file could not be copied for reading: the worker's log says why. Its disk may be full."


def hashed_copy(read: Callable[[int], bytes], target: Path, *, check: Callable[[], None]) -> str:
    """Write all that `read(size)` gives into `target`; return its SHA-256 in hex.

    `check` is called before each read and may raise. Raises StorageUnavailable when the disk does not take it.
    """
    digest = hashlib.sha256()
    try:
        with target.open("wb") as file:
            check()
            while chunk := read(_CHUNK_BYTES):
                digest.update(chunk)
                file.write(chunk)
                check()
    except OSError as error:
        raise StorageUnavailable(_NO_COPY) from error
    return digest.hexdigest()
