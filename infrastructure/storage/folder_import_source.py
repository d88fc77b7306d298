"""Files in a folder of this machine that may be imported."""

import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from domain.errors import BlobNotFound, StorageUnavailable
from domain.imported_file import FileProblem, SourceFile, clean_name, name_problem, shown_name
from infrastructure.storage.disk_errors import disk_errors
from infrastructure.storage.hashed_copy import hashed_copy

_PAGE = 1000


class FolderImportSource:
    """ImportSource of a folder, which need not exist. Links are followed nowhere: they could lead out of it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def files(self, prefix: str) -> Iterator[Sequence[SourceFile]]:
        """Walk the folder in the order of names."""
        found = self._walk(prefix)
        while page := list(islice(found, _PAGE)):
            yield page

    def fetch(self, file: SourceFile, target: Path, *, check: Callable[[], None]) -> str:
        """Copy a file. Raises BlobNotFound, StorageUnavailable."""
        descriptor = self._open(file.place)
        with os.fdopen(descriptor, "rb", buffering=0) as opened:

            def read(size: int) -> bytes:
                with disk_errors():
                    return opened.read(size)

            return hashed_copy(read, target, check=check)

    def _walk(self, prefix: str) -> Iterator[SourceFile]:
        left = [self._folder / prefix]
        if any(_leads_nowhere(self._folder / part) for part in _ways(prefix)):
            return
        while left:
            path = left.pop()
            try:
                status = path.lstat()
                if stat.S_ISDIR(status.st_mode):
                    left += sorted(path.iterdir(), reverse=True)
                    continue
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                raise StorageUnavailable from error
            yield self._file(path, status)

    def _file(self, path: Path, status: os.stat_result) -> SourceFile:
        place = str(path.relative_to(self._folder))
        name = clean_name(place)
        problem = name_problem(name) if stat.S_ISREG(status.st_mode) else FileProblem.NOT_A_FILE
        return SourceFile(name=shown_name(name), place=place, size_bytes=status.st_size, problem=problem)

    def _open(self, place: str) -> int:
        """Open step by step from the folder itself: whatever is put there meanwhile, no link is followed."""
        try:
            parent = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
            for part in Path(place).parts[:-1]:
                parent = _step(parent, part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            # A pipe that was put in the file's place must not be waited for.
            return _step(parent, Path(place).name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as error:
            raise BlobNotFound from error


def _step(parent: int, name: str, flags: int) -> int:
    try:
        return os.open(name, flags | os.O_CLOEXEC, dir_fd=parent)
    finally:
        os.close(parent)


def _leads_nowhere(path: Path) -> bool:
    """Tell of a link, and of a name that is too long for a file."""
    try:
        return path.is_symlink()
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return True
        raise StorageUnavailable from error


def _ways(prefix: str) -> Iterator[Path]:
    path = Path(prefix)
    yield path
    yield from path.parents
