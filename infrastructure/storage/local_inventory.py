"""What lies in the local store."""

import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from application.ports.object_inventory import StoredObject, UnfinishedUpload
from domain.cleanup import Amount
from infrastructure.storage.disk_errors import disk_errors
from infrastructure.storage.object_files import ObjectFiles
from infrastructure.storage.part_files import PartFiles

_PAGE = 1000


class LocalObjectInventory:
    """Implements application/ports/object_inventory.py."""

    def __init__(self, files: ObjectFiles, parts: PartFiles) -> None:
        self._files = files
        self._parts = parts

    def objects(self, prefix: str) -> Iterator[Sequence[StoredObject]]:
        """Read the folder's names first, then look at a page of files at a time."""
        with disk_errors():
            keys = [key for key in self._files.keys() if key.startswith(prefix)]  # noqa: SIM118 - no mapping
        for first in range(0, len(keys), _PAGE):
            with disk_errors():
                found = [(key, self._files.size_and_time(key)) for key in keys[first : first + _PAGE]]
            yield [
                StoredObject(key=key, size_bytes=of[0], modified_at=datetime.fromtimestamp(of[1], UTC))
                for key, of in found
                if of
            ]

    def unfinished_uploads(self, prefix: str) -> Iterator[Sequence[UnfinishedUpload]]:
        """Read what each upload's folder is for."""
        with disk_errors():
            found = [
                UnfinishedUpload(key=key, store_id=upload_id, started_at=datetime.fromtimestamp(started, UTC))
                for upload_id, key, started in self._parts.unfinished()
                if key.startswith(prefix)
            ]
        for first in range(0, len(found), _PAGE):
            yield found[first : first + _PAGE]

    def drop_scraps(self, *, before: datetime, dry_run: bool) -> Amount:
        """Delete files that were being received, and folders of parts that are no upload."""
        count = size_bytes = 0
        with disk_errors():
            for path in chain(self._files.scraps(), self._parts.scraps()):
                try:
                    size, touched = _size_and_time(path)
                except FileNotFoundError:
                    continue
                if touched < before.timestamp():
                    count, size_bytes = count + 1, size_bytes + size
                    if not dry_run:
                        _remove(path)
        return Amount(count=count, size_bytes=size_bytes)


def _size_and_time(path: Path) -> tuple[int, float]:
    """Return the bytes in a file or folder, and when anything of it was last written."""
    states = [each.stat() for each in (path, *(path.iterdir() if path.is_dir() else ()))]
    return sum(state.st_size for state in states), max(state.st_mtime for state in states)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
