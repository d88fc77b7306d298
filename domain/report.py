"""What a run tells of itself while it works: stage, progress, pages, chunks, warnings."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from domain.extracted_page import UnreadablePage

# Reading and embedding run side by side; storing is what is left at the end.
PROGRESS_WHILE_WORKING = 95


class Stage(StrEnum):
    """The steps of indexing, as users see them."""

    EXTRACTING = "extracting"
    EMBEDDING = "embedding"
    STORING = "storing"


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTimes:
    """When a stage began and ended."""

    name: Stage
    started_at: datetime
    completed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The state of a run's work. Immutable; each step returns a new one."""

    stage: Stage | None = None
    progress: int = 0
    message: str = "Waiting for a worker"
    pages_done: int = 0
    pages_total: int | None = None
    unreadable: tuple[UnreadablePage, ...] = ()
    chunks_done: int = 0
    chunks_total: int | None = None
    chunks_reused: int = 0
    stages: tuple[StageTimes, ...] = ()
    warnings: tuple[str, ...] = ()

    def enter(self, stage: Stage, *, at: datetime) -> "Report":
        """Begin a stage. Reading and embedding overlap, so a stage ends by `leave`, not by the next one's beginning."""
        if any(times.name == stage for times in self.stages):
            return replace(self, stage=stage)
        return replace(self, stage=stage, stages=(*self.stages, StageTimes(name=stage, started_at=at)))

    def leave(self, stage: Stage, *, at: datetime) -> "Report":
        """End a stage."""
        ended = tuple(replace(t, completed_at=at) if t.name == stage and not t.completed_at else t for t in self.stages)
        return replace(self, stages=ended)

    def advance(self, share: float, message: str) -> "Report":
        """Show `share` (0 to 1) of the work as done; progress never falls."""
        shown = max(self.progress, min(PROGRESS_WHILE_WORKING, int(share * PROGRESS_WHILE_WORKING)))
        return replace(self, progress=shown, message=message)

    def finished(self, message: str, *, at: datetime) -> "Report":
        """Return the report of work that is done."""
        ended = tuple(t if t.completed_at else replace(t, completed_at=at) for t in self.stages)
        return replace(self, stage=None, progress=100, message=message, stages=ended)
