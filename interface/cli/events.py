"""What happens while files are ingested, for whoever shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from esteira_client import DocumentStatus


class Outcome(StrEnum):
    """How it ended for a file."""

    COMPLETED = "completed"
    SKIPPED = "skipped"
    FAILED = "failed"
    CANCELLED = "cancelled"
    # The server has it and has not ended it, as far as is known.
    UNFINISHED = "unfinished"
    NOT_SENT = "not_sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileResult:
    """The end of a file's story. `code` and `sentence` say why, where it is not simply done."""

    name: str
    outcome: Outcome
    document_id: str | None = None
    code: str | None = None
    sentence: str | None = None
    pages: int | None = None
    chunks: int | None = None
    seconds: float | None = None
    size_bytes: int | None = None
    checksum_sha256: str | None = None
    warnings: Sequence[str] = ()
    unreadable: Sequence[Any] = ()

    @property
    def has_ended(self) -> bool:
        """False if the run ended before the file's story did."""
        return self.outcome not in {Outcome.UNFINISHED, Outcome.NOT_SENT}

    @property
    def is_done(self) -> bool:
        """True if nothing is left to do for this file."""
        return self.outcome in {Outcome.COMPLETED, Outcome.SKIPPED}


@dataclass(frozen=True, slots=True)
class Sending:
    """A file is being read or sent; `share` is from 0 to 1."""

    name: str
    message: str
    share: float


@dataclass(frozen=True, slots=True)
class Moved:
    """The server tells the state of a document."""

    name: str
    status: DocumentStatus


@dataclass(frozen=True, slots=True)
class Ended:
    """A file's story has ended."""

    result: FileResult


@dataclass(frozen=True, slots=True)
class Asked:
    """The server was asked how far it is, whether or not that brought news."""


Event = Sending | Moved | Ended | Asked
