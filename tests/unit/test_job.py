"""A job's status is worked out from its actions."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from domain.action import ActionStatus
from domain.errors import AlreadyFinal, NotFailed
from domain.ids import DEFAULT_TENANT, DocumentId, new_uuid7
from domain.job import Job, PlannedAction, new_index_job, new_job
from domain.report import Report

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
PENDING, PROCESSING, COMPLETED, FAILED, CANCELLED = ActionStatus


def job_of(*statuses: ActionStatus) -> Job:
    job = new_index_job(
        document_id=DocumentId(new_uuid7()), tenant_id=DEFAULT_TENANT, etag="e", max_attempts=4, now=NOON
    )
    return replace(job, actions=tuple(replace(job.actions[0], status=status) for status in statuses))


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ((PENDING, PENDING), PENDING),
        ((PENDING, COMPLETED), PROCESSING),
        ((PROCESSING, FAILED), PROCESSING),
        ((COMPLETED, FAILED, CANCELLED), FAILED),
        ((COMPLETED, CANCELLED), CANCELLED),
        ((COMPLETED, COMPLETED), COMPLETED),
    ],
)
def test_status_follows_the_actions(statuses: tuple[ActionStatus, ...], expected: ActionStatus) -> None:
    assert job_of(*statuses).status is expected


def test_every_change_raises_the_version() -> None:
    job = job_of(PENDING)
    changed = job.change(job.actions[0].id, lambda action: replace(action, worker="w"))
    assert (changed.version, changed.actions[0].worker) == (job.version + 1, "w")


def test_cancelling_leaves_what_has_ended_as_it_is() -> None:
    job = job_of(COMPLETED, PENDING, PROCESSING).request_cancel(now=NOON)
    assert [action.status for action in job.actions] == [COMPLETED, CANCELLED, PROCESSING]
    assert job.actions[2].cancel_requested
    with pytest.raises(AlreadyFinal):
        job_of(COMPLETED, FAILED).request_cancel(now=NOON)


def test_a_retry_starts_what_failed_and_leaves_the_rest() -> None:
    job = job_of(FAILED, COMPLETED)
    again = job.retry(now=NOON)
    assert [action.status for action in again.actions] == [PENDING, COMPLETED]
    assert again.version == job.version + 1
    with pytest.raises(NotFailed):
        job_of(COMPLETED, PROCESSING).retry(now=NOON)


def test_progress_is_the_mean_of_the_actions_and_what_has_ended_counts_whole() -> None:
    job = job_of(PENDING, PROCESSING, FAILED, COMPLETED)
    half = replace(job.actions[1], report=Report(progress=50))
    job = replace(job, actions=(job.actions[0], half, *job.actions[2:]))
    assert (job.progress, job.ended) == (62, 2)


def test_the_actions_of_a_job_keep_their_order() -> None:
    planned = [PlannedAction(type=str(n), queue="q", params={"n": n}, max_attempts=4) for n in range(100)]
    actions = new_job(planned, now=NOON).actions
    assert [action.type for action in sorted(actions, key=lambda a: a.id)] == [str(n) for n in range(100)]
