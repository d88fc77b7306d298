"""What is in a ZIP file, for import: names and sizes are looked at before anything is unpacked, one file at a time."""

import lzma
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from domain.failure import DocumentUnreadable, FailureCode
from domain.imported_file import FileProblem, SourceFile, clean_name, name_problem, shown_name
from infrastructure.storage.hashed_copy import hashed_copy
from infrastructure.storage.zip_directory import check_directory

_PAGE = 1000
_ENCRYPTED = 0x1
_UTF_8_NAME = 0x800
_MAX_RATIO = 250
_RATIO_MATTERS_BYTES = 32 * 1024 * 1024
# What a system leaves beside files and no person means by them.
_LITTER = (".ds_store", "thumbs.db", "desktop.ini")
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError),
    *(EOFError, NotImplementedError, RuntimeError, ValueError, LookupError),
)


class ZipImportSource:
    """ImportSource of a ZIP file. An entry's place is its number in the directory."""

    def __init__(self, opened: zipfile.ZipFile) -> None:
        self._zip = opened
        self._entries = opened.infolist()

    def files(self, prefix: str) -> Iterator[Sequence[SourceFile]]:
        """Read the directory, which is in memory; `prefix` is "". Folders and litter are left out."""
        if prefix:
            raise ValueError("a ZIP is imported as a whole")
        seen: Counter[str] = Counter()
        packed_bytes = 0
        page: list[SourceFile] = []
        for number, entry in enumerate(self._entries):
            name = clean_name(_name_of(entry))
            if entry.is_dir() or name.endswith("/") or _is_litter(name):
                continue
            packed_bytes += entry.compress_size
            # Entries that lie over each other are how a small file holds petabytes.
            problem = FailureCode.CORRUPT if packed_bytes > self._zip.start_dir else _problem(entry, name)
            seen[name] += 1
            if problem is None and seen[name] > 1:
                problem = FileProblem.DUPLICATE_NAME
            page.append(
                SourceFile(name=shown_name(name), place=str(number), size_bytes=entry.file_size, problem=problem)
            )
            if len(page) == _PAGE:
                yield page
                page = []
        if page:
            yield page

    def fetch(self, file: SourceFile, target: Path, *, check: Callable[[], None]) -> str:
        """Unpack one entry. Raises DocumentUnreadable where it is damaged or has not the size it says."""
        with _damage_is_corrupt():
            opened = self._zip.open(self._entries[int(file.place)])
        with opened:

            def read(size: int) -> bytes:
                with _damage_is_corrupt():
                    return opened.read(size)

            return hashed_copy(read, target, check=check)


@contextmanager
def open_zip(path: Path) -> Iterator[ZipImportSource]:
    """Open a ZIP file. Raises DocumentUnreadable."""
    check_directory(path)
    with _damage_is_corrupt():
        opened = zipfile.ZipFile(path)
    with opened:
        yield ZipImportSource(opened)


def _problem(entry: zipfile.ZipInfo, name: str) -> str | None:
    mode = entry.external_attr >> 16
    if unsafe := name_problem(name):
        return unsafe
    if stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
        return FileProblem.NOT_A_FILE
    if entry.flag_bits & _ENCRYPTED:
        return FailureCode.ENCRYPTED
    if entry.file_size > max(_RATIO_MATTERS_BYTES, entry.compress_size * _MAX_RATIO):
        return FailureCode.TOO_LARGE_UNPACKED
    return None


def _name_of(entry: zipfile.ZipInfo) -> str:
    """Return the name; one that is not marked as UTF-8 often is all the same, else it is of code page 437."""
    # Python cuts a name at a NUL, and two names would look the same.
    name = entry.orig_filename
    if entry.flag_bits & _UTF_8_NAME:
        return name
    try:
        return name.encode("cp437").decode()
    except UnicodeError:
        return name


def _is_litter(name: str) -> bool:
    first, _, _ = name.partition("/")
    last = name.rpartition("/")[2].lower()
    return first == "__MACOSX" or last in _LITTER or last.startswith("._")


@contextmanager
def _damage_is_corrupt() -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise DocumentUnreadable(FailureCode.CORRUPT) from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise DocumentUnreadable(FailureCode.CORRUPT) from error  # so says bz2; a disk's errors have a number
