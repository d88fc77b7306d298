"""The report `ingestion`: how the documents of a period went, with charts."""

from collections.abc import Sequence
from datetime import datetime

from application.ports.ingestion_reader import IngestionFigures
from application.reports.contents import Block, Chart, Column, Fact, Facts, Kind, Language, ReportContents, Table
from application.reports.words import say, told_day, told_instant

GREEN, RED, GREY, BLUE = "2A9D6F", "C8443C", "9AA5B1", "2F6DB5"


def ingestion_report(figures: IngestionFigures, *, language: Language, made_at: datetime) -> ReportContents:
    """Return the report."""
    days, stages, failures = _days(figures, language), _stages(figures, language), _failures(figures, language)
    first, last = (told_day(language, figures.days[place].day) for place in (0, -1))
    outcomes = Chart(
        title=say(language, "Documents a day by outcome"), table=days, series=(1, 2, 3), colours=(GREEN, RED, GREY)
    )
    seconds = Chart(
        title=say(language, "Mean seconds by stage"), table=stages, series=(2,), colours=(BLUE,), is_sideways=True
    )
    causes = Chart(
        title=say(language, "Failures by code"), table=failures, series=(1,), colours=(RED,), is_sideways=True
    )
    charts = [outcomes] if any(day.completed or day.failed or day.cancelled for day in figures.days) else []
    blocks: list[Block] = [_sums(figures, language), *charts]
    blocks += [seconds, stages] if figures.stages else [stages]
    blocks += [causes, failures] if figures.failures else [failures]
    return ReportContents(
        title=say(language, "Ingestion report"),
        subtitle=[
            say(language, "From {first} to {last} (UTC)", first=first, last=last),
            say(language, "Made on {at} UTC", at=told_instant(language, made_at)),
        ],
        language=language,
        made_at=made_at,
        blocks=[*blocks, _slowest(figures, language), days],
    )


def _sums(figures: IngestionFigures, language: Language) -> Facts:
    days = figures.days
    completed, failed, cancelled = (
        sum(getattr(day, name) for day in days) for name in ("completed", "failed", "cancelled")
    )
    pages = sum(day.pages for day in days)
    by_work = pages / figures.working_seconds if figures.working_seconds else None
    facts = (
        ("Processed", completed + failed + cancelled, Kind.COUNT),
        ("Completed", completed, Kind.COUNT),
        ("Failed", failed, Kind.COUNT),
        ("Cancelled", cancelled, Kind.COUNT),
        ("Bytes completed", sum(day.size_bytes for day in days), Kind.BYTES),
        ("Pages completed", pages, Kind.COUNT),
        ("Passages made", sum(day.passages for day in days), Kind.COUNT),
        ("Documents a day", completed / len(days), Kind.DECIMAL),
        ("Pages a second of work", by_work, Kind.DECIMAL),
        ("Median seconds a document", figures.median_seconds, Kind.DECIMAL),
        ("95th percentile of seconds", figures.p95_seconds, Kind.DECIMAL),
    )
    return Facts(
        title=say(language, "Summary"),
        facts=[Fact(name=say(language, name), value=value, kind=kind) for name, value, kind in facts],
    )


def _days(figures: IngestionFigures, language: Language) -> Table:
    columns = (
        ("Day", Kind.DAY, 12),
        ("Completed", Kind.COUNT, 12),
        ("Failed", Kind.COUNT, 10),
        ("Cancelled", Kind.COUNT, 12),
        ("Size", Kind.BYTES, 12),
        ("Pages", Kind.COUNT, 10),
        ("Passages", Kind.COUNT, 10),
    )
    return Table(
        title=say(language, "Days"),
        columns=_columns(columns, language),
        rows=[(d.day, d.completed, d.failed, d.cancelled, d.size_bytes, d.pages, d.passages) for d in figures.days],
        if_empty=say(language, "Nothing was processed in this time."),
    )


def _stages(figures: IngestionFigures, language: Language) -> Table:
    columns = (
        ("Stage", Kind.TEXT, 16),
        ("Documents", Kind.COUNT, 12),
        ("Mean seconds", Kind.DECIMAL, 14),
        ("95th percentile (s)", Kind.DECIMAL, 18),
        ("Total seconds", Kind.DECIMAL, 14),
    )
    return Table(
        title=say(language, "Stages"),
        columns=_columns(columns, language),
        rows=[(say(language, s.name), s.count, s.mean_seconds, s.p95_seconds, s.total_seconds) for s in figures.stages],
        if_empty=say(language, "No document was completed in this time."),
    )


def _failures(figures: IngestionFigures, language: Language) -> Table:
    total = sum(failure.count for failure in figures.failures)
    columns = (
        ("Code", Kind.TEXT, 24),
        ("Documents", Kind.COUNT, 12),
        ("Share", Kind.SHARE, 10),
        ("Last (UTC)", Kind.INSTANT, 18),
    )
    return Table(
        title=say(language, "Failures"),
        columns=_columns(columns, language),
        rows=[(f.code, f.count, f.count / total, f.last_at) for f in figures.failures],
        if_empty=say(language, "Nothing failed in this time."),
    )


def _slowest(figures: IngestionFigures, language: Language) -> Table:
    columns = (
        ("Filename", Kind.TEXT, 44),
        ("Seconds", Kind.DECIMAL, 10),
        ("Pages", Kind.COUNT, 8),
        ("Size", Kind.BYTES, 11),
        ("Completed (UTC)", Kind.INSTANT, 17),
    )
    return Table(
        title=say(language, "Slowest documents"),
        columns=_columns(columns, language),
        rows=[(s.filename, s.seconds, s.pages, s.size_bytes, s.completed_at) for s in figures.slowest],
        if_empty=say(language, "No document was completed in this time."),
    )


def _columns(columns: Sequence[tuple[str, Kind, int]], language: Language) -> list[Column]:
    return [Column(heading=say(language, heading), kind=kind, width=width) for heading, kind, width in columns]
