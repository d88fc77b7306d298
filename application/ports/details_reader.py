"""Port: reads what a file of unknown content says of itself."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from domain.document_details import DocumentDetails


class DetailsReader(Protocol):
    """Hostile bytes can crash, hang or bloat the one who reads, never the caller."""

    def read(self, path: Path, *, filename: str, check: Callable[[], None]) -> DocumentDetails:
        """Read a local file; what it does not say is None. `check` as in the port Extractor.

        Raises DocumentUnreadable.
        """
        ...
