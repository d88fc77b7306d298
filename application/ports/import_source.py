"""Port: files that lie ready to be imported."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from domain.imported_file import SourceFile


class ImportSource(Protocol):
    """Gives nothing but what operators meant to be imported, whatever prefix or link a client or a file names.

    Raises StorageUnavailable (retryable) when it does not answer.
    """

    def files(self, prefix: str) -> Iterator[Sequence[SourceFile]]:
        """Yield, by pages of up to 1000, the file of that path and those under the folder of that path; "" for all."""
        ...

    def fetch(self, file: SourceFile, target: Path, *, check: Callable[[], None]) -> str:
        """Copy into `target`, return the SHA-256 in hex; `check` is called before each block and may raise.

        Raises BlobNotFound, BlobChanged where it is another than was listed, DocumentUnreadable where it is damaged.
        """
        ...


# Opens a ZIP file as a source, whose prefix is always "". Raises DocumentUnreadable.
OpenZip = Callable[[Path], AbstractContextManager[ImportSource]]
# Looks at a file's first bytes. Raises DocumentUnreadable where they tell that it cannot be read.
LookAtFile = Callable[[Path, str], None]
