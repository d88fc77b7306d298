"""What a change of an action adds to the figures that operators watch: one place, whoever made the change."""

from bisect import bisect_left
from collections.abc import Iterator
from datetime import datetime, timedelta

from application.ports.figures import NO_BOUND, Counted, Figure
from domain.action import Action, ActionStatus
from domain.failure import FailureCode

# Upper bounds of the histograms, in seconds: a small file takes one, a book of scanned pages half an hour.
BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, NO_BOUND)
PARSER_CODES = frozenset({FailureCode.PARSER_CRASHED, FailureCode.PARSER_TIMEOUT, FailureCode.OUT_OF_MEMORY})


def counted_creation(action: Action) -> Counted:
    """Count an action that is new."""
    return Counted(figure=Figure.ACTIONS_CREATED, labels={"queue": action.queue, "type": action.type}, amount=1)


def counted_refusal(action: Action) -> Counted:
    """Count a run that came to write when its lease was over."""
    return Counted(figure=Figure.STALE_WRITES_REFUSED, labels={"type": action.type}, amount=1)


def counted_change(before: Action, after: Action, *, now: datetime) -> list[Counted]:
    """Count what became of an action."""
    if after.run_lease != before.run_lease:
        return [_observed(Figure.QUEUE_WAIT, {"queue": after.queue}, now - before.due_at)]
    if before.status is ActionStatus.PROCESSING and after.status is not ActionStatus.PROCESSING:
        return list(_counted_end(before, after, now))
    return []


def _counted_end(before: Action, after: Action, now: datetime) -> Iterator[Counted]:
    kind = {"type": after.type}
    if before.claimed_at:
        yield _observed(Figure.ACTION_DURATION, kind | {"outcome": _outcome(after)}, now - before.claimed_at)
    if after.crashes > before.crashes:
        yield Counted(figure=Figure.LEASE_EXPIRIES, labels=kind, amount=1)
    if after.error:
        figure = Figure.DEAD_LETTERS if after.status is ActionStatus.FAILED else Figure.ACTION_RETRIES
        yield Counted(figure=figure, labels=kind | {"code": after.error.code}, amount=1)
        if after.error.code in PARSER_CODES:
            yield Counted(figure=Figure.PARSER_CRASHES, labels={"code": after.error.code}, amount=1)
    if after.status is ActionStatus.COMPLETED:
        yield from _counted_work(after)


def _counted_work(action: Action) -> Iterator[Counted]:
    report = action.report
    tokens = (action.result or {}).get("tokens", 0)
    amounts = {
        Figure.PAGES: report.pages_done,
        Figure.CHUNKS: report.chunks_done,
        Figure.TOKENS: tokens if isinstance(tokens, int) else 0,
        Figure.CACHE_HITS: report.chunks_reused,
        Figure.CACHE_MISSES: report.chunks_done - report.chunks_reused,
    }
    yield from (Counted(figure=figure, amount=amount) for figure, amount in amounts.items() if amount)
    for page in report.unreadable:
        yield Counted(figure=Figure.UNREADABLE_PAGES, labels={"code": page.code}, amount=1)
        if page.code in PARSER_CODES:
            yield Counted(figure=Figure.PARSER_CRASHES, labels={"code": page.code}, amount=1)


def _outcome(after: Action) -> str:
    if after.status is ActionStatus.PENDING:
        return "retried" if after.error else "released"
    return str(after.status)


def _observed(figure: Figure, labels: dict[str, str], span: timedelta) -> Counted:
    seconds = max(0.0, span.total_seconds())
    return Counted(figure=figure, labels=labels, bound=BOUNDS[bisect_left(BOUNDS, seconds)], amount=seconds)
