"""Copies a stream to a file and hashes it on the way."""

import hashlib
from collections.abc import Callable
from pathlib import Path

# Small enough that a cancel is noticed within seconds on a slow line too.
_CHUNK_BYTES = 1 << 17


def hashed_copy(read: Callable[[int], bytes], target: Path, *, check: Callable[[], None]) -> str:
    """Write all that `read(size)` gives into `target`; return its SHA-256 in hex.

    `check` is called before each read and may raise.
    """
    digest = hashlib.sha256()
    with target.open("wb") as file:
        check()
        while chunk := read(_CHUNK_BYTES):
            digest.update(chunk)
            file.write(chunk)
            check()
    return digest.hexdigest()
