"""Port: how ingestion went in a period, for a report."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from domain.ids import TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFigures:
    """Processings that ended on a day (UTC). Bytes, pages and passages are of those completed."""

    day: date
    completed: int
    failed: int
    cancelled: int
    size_bytes: int
    pages: int
    passages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StageFigures:
    """How long a stage took in those that were completed."""

    name: str
    count: int
    mean_seconds: float
    p95_seconds: float
    total_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureFigures:
    """How often processing failed with a code."""

    code: str
    count: int
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowDocument:
    """A document whose processing took long; without a name and a size once it was deleted."""

    filename: str | None
    size_bytes: int | None
    pages: int
    seconds: float
    completed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestionFigures:
    """One snapshot. `days` has every day of the period; seconds are those of the last run, None where there was none.

    `working_seconds` are those of all completed runs.
    """

    days: Sequence[DayFigures]
    stages: Sequence[StageFigures]
    failures: Sequence[FailureFigures]
    slowest: Sequence[SlowDocument]
    median_seconds: float | None
    p95_seconds: float | None
    working_seconds: float


class IngestionReader(Protocol):
    """Reads committed state. Processings that cleanup has forgotten are not in it."""

    def figures(self, tenant_id: TenantId, *, first: date, last: date) -> IngestionFigures:
        """Return the figures of both days and those between. Raises DatabaseUnavailable (retryable)."""
        ...
