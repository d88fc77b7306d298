"""A job's timeline: how long an action waited and ran, stage by stage, by whom, and what ended each run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from application.ports.dead_letter_reader import HistoryLine
from domain.action import FINAL, Action, ActionStatus
from domain.report import StageTimes

WAITING, RUNNING = "waiting", "running"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineStage:
    """A span of an action's life: `waiting`, `running`, or a stage inside the run above it.

    `attempt` counts the runs from 1; one that is waited for counts already. `ended_at` is None while it lasts, and
    `seconds` are those up to now. A run's `error_code` is what ended it.
    """

    name: str
    attempt: int
    worker: str | None
    started_at: datetime
    ended_at: datetime | None
    seconds: float
    error_code: str | None = None
    error_message: str | None = None


def timeline(action: Action, lines: Sequence[HistoryLine], *, now: datetime) -> Sequence[TimelineStage]:
    """Return the spans in order of their beginning, a run's stages behind it."""
    # Lines without a change of status tell of a message that was sent again, or of a cancel that was asked for.
    changes = [next(same) for _, same in groupby(lines, key=lambda line: line.status)]
    ends = (*changes[1:], None)
    begun = [(line, end) for line, end in zip(changes, ends, strict=False) if line.status not in FINAL]
    return [stage for line, end in begun for stage in _spans(action, line, end, now)]


def _spans(action: Action, line: HistoryLine, end: HistoryLine | None, now: datetime) -> Iterator[TimelineStage]:
    is_run = line.status is ActionStatus.PROCESSING
    attempt = line.attempt if is_run else line.attempt + 1
    worker = line.worker if is_run else None
    ended_at = end.at if end else None
    yield TimelineStage(
        name=RUNNING if is_run else WAITING,
        attempt=attempt,
        worker=worker,
        started_at=line.at,
        ended_at=ended_at,
        seconds=_seconds(line.at, ended_at or now),
        error_code=end.error_code if end and is_run else None,
        error_message=end.error_message if end and is_run else None,
    )
    if not is_run:
        return
    for times in _stages(action, end):
        stopped_at = times.completed_at or ended_at
        yield TimelineStage(
            name=times.name,
            attempt=attempt,
            worker=worker,
            started_at=times.started_at,
            ended_at=stopped_at,
            seconds=_seconds(times.started_at, stopped_at or now),
        )


def _stages(action: Action, end: HistoryLine | None) -> Sequence[StageTimes]:
    return end.stages if end else action.report.stages


def _seconds(start: datetime, end: datetime) -> float:
    return max(0.0, (end - start).total_seconds())
