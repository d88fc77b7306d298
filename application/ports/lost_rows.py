"""Port: rows that belong to nothing any more, which a crash or a person at the database left."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from domain.cleanup import Amount
from domain.ids import DocumentId


@dataclass(frozen=True, slots=True, kw_only=True)
class LostRun:
    """Pages and chunks of a run that is neither published nor at work; the document may be gone as well."""

    run_id: UUID
    document_id: DocumentId
    amount: Amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What was found in a stretch of ids; `next_after` is where the next stretch begins, None at the end."""

    found: Sequence[int]
    next_after: int | None


class LostRows(Protocol):
    """Lists by stretches of ids, behind `after`. What the sweeper is about to clear up is left out.

    Raises DatabaseUnavailable (retryable).
    """

    def runs(self, *, after: UUID | None, limit: int) -> tuple[Sequence[LostRun], UUID | None]:
        """Look at up to `limit` runs that have rows; return the lost ones, and where the next stretch begins."""
        ...

    def staged(self, *, after: DocumentId | None, limit: int) -> Sequence[DocumentId]:
        """Return documents for which runs that are over noted objects."""
        ...

    def chunk_numbers(self, *, after: int, limit: int) -> Batch:
        """Find numbers of chunks that have vectors or postings, and no chunk."""
        ...

    def drop(self, chunk_numbers: Sequence[int]) -> Amount:
        """Delete vectors and postings of these, unless there is such a chunk."""
        ...
