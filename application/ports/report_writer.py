"""Port: makes a file of a report."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from application.reports.contents import ReportContents


class ReportWriter(Protocol):
    """Reads each table's rows once, in order, and keeps few of them: memory is bounded however many there are."""

    @property
    def content_type(self) -> str:
        """The media type of what it writes."""
        ...

    def write(self, report: ReportContents, target: Path, *, check: Callable[[], None]) -> None:
        """Write the file; `check` is called at least every few hundred rows, and what it raises passes through."""
        ...
