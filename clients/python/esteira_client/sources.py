"""Where the bytes of an upload come from: read block by block, and from any place, as parts are sent again."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from esteira_client.errors import EsteiraError
from esteira_client.steps import Flow, Work

BLOCK_BYTES = 1 << 20


class Source(Protocol):
    """Bytes of a known number. What `blocks` raises ends the upload."""

    @property
    def size_bytes(self) -> int:
        """How many there are."""
        ...

    def blocks(self, first: int, end: int) -> Iterator[bytes]:
        """Yield those from `first` to before `end`, anew at each call."""
        ...


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file by its path. Raises EsteiraError `file_changed` where it is not as it was."""

    path: Path
    size_bytes: int
    modified_ns: int

    @classmethod
    def of(cls, path: Path) -> "FileSource":
        """Look at the file. Raises OSError."""
        status = path.stat()
        return cls(path, status.st_size, status.st_mtime_ns)

    def blocks(self, first: int, end: int) -> Iterator[bytes]:
        """Yield a part of the file, then look if it is still the same."""
        try:
            file = self.path.open("rb")
        except FileNotFoundError as error:
            raise _changed() from error
        with file:
            yield from _blocks(file, first, end)
            status = os.fstat(file.fileno())
        if (status.st_size, status.st_mtime_ns) != (self.size_bytes, self.modified_ns):
            raise _changed()


@dataclass(frozen=True, slots=True)
class OpenSource:
    """An open file or the like, which can be read from any place. It is left open."""

    file: BinaryIO
    size_bytes: int

    @classmethod
    def of(cls, file: BinaryIO) -> "OpenSource":
        """Look at its size. Raises OSError."""
        return cls(file, file.seek(0, os.SEEK_END))

    def blocks(self, first: int, end: int) -> Iterator[bytes]:
        """Yield a part of the file."""
        return _blocks(self.file, first, end)


def source_of(file: str | os.PathLike[str] | BinaryIO) -> Source:
    """Return the bytes of a path or of an open file. Raises OSError."""
    return FileSource.of(Path(file)) if isinstance(file, str | os.PathLike) else OpenSource.of(file)


def name_of(file: str | os.PathLike[str] | BinaryIO) -> str:
    """Return the name to show for it."""
    path = file if isinstance(file, str | os.PathLike) else getattr(file, "name", "")
    name = Path(path).name if isinstance(path, str | os.PathLike) else ""
    return name.encode("utf-8", "replace").decode() or "unnamed"  # what is no UTF-8 on the disk cannot be sent


def sha256_of(source: Source) -> Flow[str]:
    """Return the SHA-256 of all bytes, in hex. It may be left at each block."""
    digest = hashlib.sha256()
    blocks = source.blocks(0, source.size_bytes)

    def one_more() -> bool:
        block = next(blocks, None)
        digest.update(block or b"")
        return block is not None

    while (yield Work(one_more)):
        pass
    return digest.hexdigest()


def _blocks(file: BinaryIO, first: int, end: int) -> Iterator[bytes]:
    file.seek(first)
    left = end - first
    while left:
        block = file.read(min(BLOCK_BYTES, left))
        if not block:
            raise _changed()
        left -= len(block)
        yield block


def _changed() -> EsteiraError:
    return EsteiraError("file_changed", "The file changed or was moved while it was sent. Try again when nothing does.")
