"""What changes of actions add to the figures that operators watch."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from application.counting import BOUNDS, counted_change
from application.ports.figures import Figure
from domain.action import Action
from domain.extracted_page import UnreadablePage
from domain.failure import DocumentUnreadable, Failure, FailureCode
from domain.report import Report
from domain.retry_policy import RetryPolicy
from tests.support.document_factory import a_document, a_job

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LONG = timedelta(hours=1)
LATER = NOW + timedelta(seconds=7)
POLICY = RetryPolicy()


@pytest.fixture
def waiting() -> Action:
    return replace(a_job(a_document()).actions[0], due_at=NOW - timedelta(seconds=3))


@pytest.fixture
def running(waiting: Action) -> Action:
    return waiting.claim(worker="w", now=NOW, lease=LONG, timeout=LONG)


def sums(before: Action, after: Action) -> dict[tuple[Figure, str], float]:
    counted = counted_change(before, after, now=LATER)
    return {(c.figure, c.labels.get("code") or c.labels.get("outcome") or ""): c.amount for c in counted}


def test_a_claim_tells_how_long_the_action_waited_since_it_was_due(waiting: Action, running: Action) -> None:
    (wait,) = counted_change(waiting, running, now=NOW)
    assert (wait.figure, wait.labels, wait.amount, wait.bound) == (
        Figure.QUEUE_WAIT,
        {"queue": "document_processing"},
        3.0,
        5.0,
    )


def test_good_work_is_counted_by_what_it_gave(running: Action) -> None:
    unreadable = (UnreadablePage(number=1, code=FailureCode.NEEDS_OCR),) * 2
    crashed = UnreadablePage(number=3, code=FailureCode.PARSER_CRASHED)
    report = Report(pages_done=5, chunks_done=9, chunks_reused=4, unreadable=(*unreadable, crashed))
    done = running.complete(now=LATER, result={"tokens": 700}, report=report)
    assert sums(running, done) == {
        (Figure.ACTION_DURATION, "completed"): 7.0,
        (Figure.PAGES, ""): 5,
        (Figure.CHUNKS, ""): 9,
        (Figure.TOKENS, ""): 700,
        (Figure.CACHE_HITS, ""): 4,
        (Figure.CACHE_MISSES, ""): 5,
        (Figure.UNREADABLE_PAGES, "needs_ocr"): 1,
        (Figure.UNREADABLE_PAGES, "parser_crashed"): 1,
        (Figure.PARSER_CRASHES, "parser_crashed"): 1,
    }


def test_a_failure_that_is_tried_again_is_a_retry_and_one_that_is_not_a_dead_letter(running: Action) -> None:
    away = Failure(code="storage_unavailable", message="", retryable=True)
    tried_again = running.fail(away, now=LATER, policy=POLICY)
    assert sums(running, tried_again) == {
        (Figure.ACTION_DURATION, "retried"): 7.0,
        (Figure.ACTION_RETRIES, "storage_unavailable"): 1,
    }
    dead = running.fail(Failure.from_error(DocumentUnreadable(FailureCode.OUT_OF_MEMORY)), now=LATER, policy=POLICY)
    assert sums(running, dead) == {
        (Figure.ACTION_DURATION, "failed"): 7.0,
        (Figure.DEAD_LETTERS, "out_of_memory"): 1,
        (Figure.PARSER_CRASHES, "out_of_memory"): 1,
    }


def test_a_lost_worker_is_a_lease_that_expired(running: Action) -> None:
    lost = running.lose_worker(now=LATER, policy=POLICY)
    assert sums(running, lost) == {
        (Figure.ACTION_DURATION, "retried"): 7.0,
        (Figure.LEASE_EXPIRIES, ""): 1,
        (Figure.ACTION_RETRIES, "worker_lost"): 1,
    }


def test_a_run_that_was_given_back_or_cancelled_is_neither(running: Action) -> None:
    assert sums(running, running.release(now=LATER)) == {(Figure.ACTION_DURATION, "released"): 7.0}
    assert sums(running, running.cancel(now=LATER)) == {(Figure.ACTION_DURATION, "cancelled"): 7.0}


def test_what_is_no_run_is_not_counted(waiting: Action, running: Action) -> None:
    assert sums(waiting, waiting.cancel(now=LATER)) == {}
    assert sums(waiting, waiting.resend(now=LATER)) == {}
    assert sums(running, running.request_cancel(now=LATER)) == {}


def test_whatever_takes_longest_falls_into_the_last_bucket(waiting: Action) -> None:
    late = replace(waiting, due_at=NOW - timedelta(days=30))
    (wait,) = counted_change(late, late.claim(worker="w", now=NOW, lease=LONG, timeout=LONG), now=NOW)
    assert wait.bound == BOUNDS[-1] == float("inf")


def test_a_due_time_of_another_clock_is_no_negative_wait(waiting: Action, running: Action) -> None:
    early = replace(waiting, due_at=LATER)
    (wait,) = counted_change(early, running, now=NOW)
    assert (wait.amount, wait.bound) == (0.0, BOUNDS[0])
