"""Port: a file of tables that programs for data read."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from application.ports.corpus_reader import ExportedRow
from domain.export_order import ExportTable


class TableArchive(Protocol):
    """Holds no more than a page of rows in memory. Raises StorageUnavailable where the disk does not take it."""

    def add(self, table: ExportTable, pages: Iterable[Sequence[ExportedRow]], *, dimensions: int | None) -> int:
        """Write one table whole, return how many rows; `dimensions` where all vectors have as many."""
        ...


# Makes the file, which is complete when the context is left.
OpenArchive = Callable[[Path], AbstractContextManager[TableArchive]]
