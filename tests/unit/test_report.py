"""Progress never runs backwards, and stages have their times."""

from datetime import UTC, datetime, timedelta

from domain.report import Report, Stage

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_progress_rises_and_stays_below_100_until_the_end() -> None:
    report = Report().advance(0.5, "half")
    assert report.advance(0.2, "less").progress == report.progress
    assert report.advance(1.0, "all").progress < 100
    assert report.finished("done", at=NOON).progress == 100


def test_stages_that_overlap_keep_their_own_times() -> None:
    later = NOON + timedelta(seconds=3)
    report = Report().enter(Stage.EXTRACTING, at=NOON).enter(Stage.EMBEDDING, at=later).enter(Stage.EMBEDDING, at=later)
    ended = report.leave(Stage.EXTRACTING, at=later).finished("done", at=later + timedelta(seconds=1))
    assert [(t.name, t.started_at, t.completed_at) for t in ended.stages] == [
        (Stage.EXTRACTING, NOON, later),
        (Stage.EMBEDDING, later, later + timedelta(seconds=1)),
    ]
    assert ended.stage is None
