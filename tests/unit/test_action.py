"""The rules of an action's life."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.action import FINAL, LEGAL_TRANSITIONS, SEALED_PASSWORD, Action, ActionStatus
from domain.errors import AlreadyFinal, IllegalTransition, LeaseLost, NotFailed
from domain.failure import Failure
from domain.ids import ActionId, JobId, new_uuid7
from domain.report import Report
from domain.retry_policy import RetryPolicy

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
POLICY = RetryPolicy()
TRANSIENT = Failure(code="storage_unavailable", message="The store is away.", retryable=True)
PERMANENT = Failure(code="corrupt", message="The file is damaged.", retryable=False)


def pending() -> Action:
    return Action(
        id=ActionId(new_uuid7()),
        job_id=JobId(new_uuid7()),
        type="index",
        queue="document_processing",
        due_at=NOON,
        created_at=NOON,
    )


def claimed(action: Action | None = None, *, at: datetime = NOON) -> Action:
    return (action or pending()).claim(worker="w1", now=at, lease=timedelta(seconds=30), timeout=timedelta(minutes=30))


def test_a_claim_gives_a_new_lease_and_counts_an_attempt() -> None:
    action = claimed()
    assert (action.status, action.attempt, action.run_lease) == (ActionStatus.PROCESSING, 1, 1)
    assert action.lease_until == NOON + timedelta(seconds=30)
    assert action.deadline == NOON + timedelta(minutes=30)


def test_only_the_newest_message_of_a_due_action_may_claim_it() -> None:
    action = replace(pending(), dispatch_no=2)
    assert action.may_be_claimed(dispatch_no=2, now=NOON)
    assert not action.may_be_claimed(dispatch_no=1, now=NOON)
    assert not action.may_be_claimed(dispatch_no=2, now=NOON - timedelta(seconds=1))
    assert not claimed(action).may_be_claimed(dispatch_no=2, now=NOON)


def test_a_run_that_lost_its_lease_owns_nothing() -> None:
    first = claimed()
    second = claimed(first.lose_worker(now=NOON, policy=POLICY))
    second.require(second.run)
    with pytest.raises(LeaseLost):
        second.require(first.run)
    assert first.run.id != second.run.id


def test_a_retryable_failure_waits_and_makes_the_old_message_stale() -> None:
    action = claimed().fail(TRANSIENT, now=NOON, policy=POLICY)
    assert (action.status, action.dispatch_no, action.sent_at) == (ActionStatus.PENDING, 2, None)
    assert NOON + timedelta(seconds=1) <= action.due_at <= NOON + timedelta(seconds=2)
    assert action.error == TRANSIENT


def test_four_runs_at_most() -> None:
    action = pending()
    for attempt in range(1, 5):
        action = claimed(action)
        assert action.attempt == attempt
        action = action.fail(TRANSIENT, now=NOON, policy=POLICY)
    assert action.status is ActionStatus.FAILED
    assert action.error == TRANSIENT.after(4)


def test_a_permanent_failure_is_not_tried_again() -> None:
    action = claimed().fail(PERMANENT, now=NOON, policy=POLICY)
    assert (action.status, action.error, action.completed_at) == (ActionStatus.FAILED, PERMANENT, NOON)


def test_an_action_that_took_three_workers_with_it_is_buried() -> None:
    action = pending()
    for _ in range(3):
        assert action.status is ActionStatus.PENDING
        action = claimed(action).lose_worker(now=NOON, policy=POLICY)
    assert action.status is ActionStatus.FAILED
    assert action.error
    assert action.error.code == "worker_lost"


def test_a_run_that_beat_to_its_deadline_is_timed_out_for_good() -> None:
    overdue = replace(claimed(), lease_until=NOON + timedelta(minutes=31))
    action = overdue.lose_worker(now=NOON + timedelta(hours=1), policy=POLICY)
    assert action.status is ActionStatus.FAILED
    assert action.error
    assert action.error.code == "timeout"


def test_a_run_that_died_before_its_deadline_is_tried_again_however_late_it_is_found() -> None:
    action = claimed().lose_worker(now=NOON + timedelta(hours=8), policy=POLICY)
    assert (action.status, action.crashes) == (ActionStatus.PENDING, 1)


def test_runs_that_failed_in_an_outage_are_spread_over_minutes() -> None:
    waits = [POLICY.for_outages().delay(attempt).total_seconds() for attempt in (1, 2, 3)]
    assert all(span / 2 <= wait <= span for wait, span in zip(waits, (2, 20, 200), strict=True))


def test_giving_back_keeps_the_attempt_and_never_shows_less_progress() -> None:
    working = replace(claimed(), report=Report(progress=40))
    again = claimed(working.release(now=NOON))
    assert again.attempt == working.attempt
    assert again.report.progress == working.report.progress
    assert again.run_lease == working.run_lease + 1


def test_a_new_attempt_begins_at_nothing() -> None:
    working = replace(claimed(), report=Report(progress=40))
    assert claimed(working.fail(TRANSIENT, now=NOON, policy=POLICY)).report.progress == 0


def test_what_waits_is_cancelled_at_once_and_what_runs_is_asked() -> None:
    assert pending().request_cancel(now=NOON).status is ActionStatus.CANCELLED
    asked = claimed().request_cancel(now=NOON)
    assert (asked.status, asked.cancel_requested) == (ActionStatus.PROCESSING, True)
    assert asked.fail(TRANSIENT, now=NOON, policy=POLICY).status is ActionStatus.CANCELLED
    assert asked.lose_worker(now=NOON, policy=POLICY).status is ActionStatus.CANCELLED


def test_what_was_asked_to_be_cancelled_is_neither_given_back_nor_timed_out() -> None:
    asked = claimed().request_cancel(now=NOON)
    assert asked.release(now=NOON).status is ActionStatus.CANCELLED
    assert asked.time_out(now=NOON).status is ActionStatus.CANCELLED


def test_nothing_final_can_be_cancelled_or_moved_but_by_a_retry() -> None:
    for status in FINAL:
        final = replace(pending(), status=status)
        with pytest.raises(AlreadyFinal):
            final.request_cancel(now=NOON)
        with pytest.raises(IllegalTransition):
            claimed(final)
        assert LEGAL_TRANSITIONS[status] <= {ActionStatus.PENDING}


def test_a_lost_message_is_sent_anew_under_another_name() -> None:
    action = replace(pending(), sent_at=NOON).resend(now=NOON)
    assert (action.dispatch_no, action.sent_at) == (2, None)
    with pytest.raises(IllegalTransition):
        claimed().resend(now=NOON)


def test_a_person_starts_what_failed_anew_with_all_its_attempts() -> None:
    failed = replace(claimed(), attempt=4, crashes=2, report=Report(progress=40)).fail(
        PERMANENT, now=NOON, policy=POLICY
    )
    again = failed.retry(now=NOON)
    assert (again.status, again.attempt, again.crashes, again.error) == (ActionStatus.PENDING, 0, 0, None)
    assert (again.completed_at, again.sent_at, again.report.progress) == (None, None, 0)
    assert (again.run_lease, again.dispatch_no) == (failed.run_lease, failed.dispatch_no + 1)
    assert claimed(again).run != failed.run


def test_only_what_failed_is_retried() -> None:
    for status in set(ActionStatus) - {ActionStatus.FAILED}:
        with pytest.raises(NotFailed):
            replace(pending(), status=status).retry(now=NOON)


def test_a_password_lives_through_retries_and_not_beyond_the_end() -> None:
    sealed = replace(pending(), params={"etag": "e", SEALED_PASSWORD: "sealed"})
    again = claimed(claimed(sealed).fail(TRANSIENT, now=NOON, policy=POLICY))
    assert again.params[SEALED_PASSWORD] == "sealed"
    ends = [
        again.complete(now=NOON, result={}, report=Report()),
        again.fail(PERMANENT, now=NOON, policy=POLICY),
        again.time_out(now=NOON),
        sealed.cancel(now=NOON),
    ]
    assert all(ended.params == {"etag": "e"} for ended in ends)
    assert ends[1].retry(now=NOON).params == {"etag": "e"}
