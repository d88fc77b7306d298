"""Objects as files: one file an object, replaced as a whole.

A file is the object's bytes and then a footer of 1 KiB with its content type and etag, so that all three change in
one rename. The etag is drawn at random for each write. Names are the key with `+` for `/`, in one folder: keys that are
each other's prefix do not collide, and no folder is made or removed beside a running write.
"""

import json
import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from application.ports.blob_store import BlobInfo
from domain.errors import BlobNotFound
from infrastructure.storage.object_rules import checked_content_type, checked_key

_FOOTER_BYTES = 1024


class OpenObject:
    """An object as it was when it was opened, whatever replaces it later. Threads may share it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        size_bytes = os.fstat(file.fileno()).st_size - _FOOTER_BYTES
        if size_bytes < 0:
            raise BlobNotFound
        footer = json.loads(os.pread(file.fileno(), _FOOTER_BYTES, size_bytes))
        self.info = BlobInfo(size_bytes=size_bytes, content_type=footer["content_type"], etag=footer["etag"])

    def read(self, size: int, offset: int) -> bytes:
        """Return up to `size` bytes from `offset`, none at the end."""
        return os.pread(self._file.fileno(), max(0, min(size, self.info.size_bytes - offset)), offset)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


class IncomingObject:
    """An object that is being written; `close` without `commit` leaves nothing of it."""

    def __init__(self, incoming: Path, objects: Path) -> None:
        self._objects = objects
        descriptor, name = tempfile.mkstemp(dir=incoming)
        self._path = Path(name)
        self._file = os.fdopen(descriptor, "wb", buffering=0)

    def write(self, content: bytes | bytearray) -> None:
        """Append all of `content`."""
        rest = memoryview(content)
        while rest:
            rest = rest[self._file.write(rest) :]

    def commit(self, key: str, content_type: str) -> str:
        """Put the object under `key`, durably and at once; return its etag."""
        return self.commit_to(self._objects / _file_name(key), content_type)

    def commit_to(self, place: Path, content_type: str) -> str:
        """Put the object into a file, durably and at once; return its etag."""
        etag = f'"{secrets.token_hex(16)}"'
        footer = json.dumps({"content_type": checked_content_type(content_type), "etag": etag})
        self.write(footer.encode().ljust(_FOOTER_BYTES))
        os.fsync(self._file.fileno())
        self._path.replace(place)
        _sync_folder(place.parent)
        return etag

    def close(self) -> None:
        """Free what is held; safe to repeat."""
        self._file.close()
        self._path.unlink(missing_ok=True)


class ObjectFiles:
    """Objects under `folder`: `objects/` holds them, `incoming/` what is written or was left by a killed process."""

    def __init__(self, folder: Path) -> None:
        self._objects = folder / "objects"
        self._incoming = folder / "incoming"
        for needed in (self._objects, self._incoming):
            needed.mkdir(mode=0o700, parents=True, exist_ok=True)

    def open(self, key: str) -> OpenObject:
        """Open for reading; the caller closes. Raises OSError, BlobNotFound (also for a foreign file)."""
        return open_object(self._objects / _file_name(key))

    def receive(self) -> IncomingObject:
        """Begin a new object. Raises OSError."""
        return IncomingObject(self._incoming, self._objects)

    def keys(self) -> Iterator[str]:
        """Return the keys of what is there, in no order. Raises OSError."""
        return (path.name.replace("+", "/") for path in self._objects.iterdir())

    def delete(self, key: str) -> bool:
        """Delete; True if there was something. Raises OSError."""
        try:
            (self._objects / _file_name(key)).unlink()
        except FileNotFoundError:
            return False
        _sync_folder(self._objects)
        return True


def open_object(place: Path) -> OpenObject:
    """Open what `commit_to` put there; the caller closes. Raises OSError, BlobNotFound (also for a foreign file)."""
    try:
        file = place.open("rb", buffering=0)
    except FileNotFoundError:
        raise BlobNotFound from None
    try:
        return OpenObject(file)
    except (ValueError, KeyError, TypeError, BlobNotFound):
        file.close()
        raise BlobNotFound from None
    except BaseException:
        file.close()
        raise


def _file_name(key: str) -> str:
    return checked_key(key).replace("/", "+")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
