"""The road of an action over real PostgreSQL and Redis: sent, claimed, run, ended, found again when lost."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import Engine, text

from application.ports.doorbell import message_name
from application.ports.job_store import Dispatch
from application.ports.run_context import RunContext
from application.use_cases.cancel_job import CancelJob
from application.use_cases.reap_expired_runs import ReapExpiredRuns
from domain.action import Action, ActionStatus
from domain.errors import AlreadyFinal, DatabaseUnavailable, QueueUnavailable, StorageUnavailable
from domain.failure import DocumentUnreadable, FailureCode
from domain.ids import JobId
from domain.job import Job
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from infrastructure.queue.heartbeat import Shutdown
from infrastructure.queue.redis_queue import connect_redis
from tests.support.action_stage import LEASE, QUEUE, Stage, Work
from tests.support.jobs import add_job, read_action

A_WHILE_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def stage(engine: Engine, redis_url: str) -> Iterator[Stage]:
    with connect_redis(redis_url) as redis:
        yield Stage(engine=engine, redis=redis, work=Work(), shutdown=Shutdown(grace_seconds=0))


def check_until_told(_action: Action, context: RunContext) -> None:
    while True:
        context.check()


def test_what_is_due_is_sent_once_and_found_in_the_queue(stage: Stage) -> None:
    job = add_job(stage.engine)
    assert (stage.send(), stage.send()) == (1, 0)
    assert stage.doorbell.waiting(QUEUE) == {message_name(job.actions[0].id, 1)}
    assert read_action(stage.engine, job.id).sent_at


def test_a_message_that_is_there_already_counts_as_sent(stage: Stage) -> None:
    job = add_job(stage.engine)
    stage.send()
    again = Dispatch(action=read_action(stage.engine, job.id), document_id=None, filename="a.pdf")
    stage.doorbell.ring(again, timeout_seconds=60)
    assert len(stage.doorbell.waiting(QUEUE)) == 1


def test_without_redis_nothing_is_marked_as_sent(stage: Stage) -> None:
    job = add_job(stage.engine)
    stage.redis = connect_redis("redis://127.0.0.1:1/0")
    with pytest.raises(QueueUnavailable):
        stage.send()
    assert read_action(stage.engine, job.id).sent_at is None


def test_work_that_is_done_completes_the_action(stage: Stage) -> None:
    job = add_job(stage.engine)
    stage.run(job.actions[0])
    action = read_action(stage.engine, job.id)
    assert (action.status, action.result) == (ActionStatus.COMPLETED, {"attempt": 1})
    assert (action.report.progress, action.report.message) == (100, "done")
    assert stage.work.cleaned == 1


def test_a_message_delivered_twice_runs_once(stage: Stage) -> None:
    job = add_job(stage.engine)
    barrier = threading.Barrier(2)

    def deliver() -> None:
        barrier.wait()
        stage.run(job.actions[0])

    with ThreadPoolExecutor(2) as pool:
        for delivery in [pool.submit(deliver), pool.submit(deliver)]:
            delivery.result()
    assert stage.work.ran == [1]


def test_a_transient_error_is_tried_again_four_runs_at_most(stage: Stage) -> None:
    def store_away(_action: Action, _context: RunContext) -> None:
        raise StorageUnavailable

    stage.work.act = store_away
    job = add_job(stage.engine)
    for dispatch_no in range(1, 6):
        action = read_action(stage.engine, job.id)
        assert action.dispatch_no == min(dispatch_no, 4)
        stage.run(action)
    action = read_action(stage.engine, job.id)
    assert stage.work.ran == [1, 2, 3, 4]
    assert action.status is ActionStatus.FAILED
    assert action.error
    assert action.error.code == "storage_unavailable"
    assert action.error.message.startswith("The object store does not answer. It was tried 4 times")


def test_a_document_that_cannot_be_read_fails_at_once_with_its_code(stage: Stage) -> None:
    def unreadable(_action: Action, _context: RunContext) -> None:
        raise DocumentUnreadable(FailureCode.ENCRYPTED)

    stage.work.act = unreadable
    job = add_job(stage.engine)
    stage.run(job.actions[0])
    action = read_action(stage.engine, job.id)
    assert action.status is ActionStatus.FAILED
    assert action.error
    assert (action.error.code, action.attempt) == ("encrypted", 1)


def test_a_defect_in_the_work_ends_the_run_and_tells_nothing_of_itself(stage: Stage) -> None:
    def defect(_action: Action, _context: RunContext) -> None:
        raise ZeroDivisionError("secret path /etc")

    stage.work.act = defect
    job = add_job(stage.engine)
    stage.run(job.actions[0])
    action = read_action(stage.engine, job.id)
    assert action.status is ActionStatus.PENDING
    assert action.error
    assert action.error.code == "internal_error"
    assert "secret" not in action.error.message


def test_running_work_is_cancelled_between_its_steps(stage: Stage) -> None:
    job = add_job(stage.engine)

    def cancelled_by_owner(action: Action, context: RunContext) -> None:
        CancelJob(transactions=stage.transactions)(job.id)
        check_until_told(action, context)

    stage.work.act = cancelled_by_owner
    stage.run(job.actions[0])
    assert read_action(stage.engine, job.id).status is ActionStatus.CANCELLED
    with pytest.raises(AlreadyFinal):
        CancelJob(transactions=stage.transactions)(job.id)


def test_a_cancel_that_was_accepted_holds_although_the_work_ends_before_it_hears_of_it(stage: Stage) -> None:
    stage.beat_seconds = 5
    job = add_job(stage.engine)

    def cancelled_late(_action: Action, _context: RunContext) -> None:
        CancelJob(transactions=stage.transactions)(job.id)

    stage.work.act = cancelled_late
    stage.run(job.actions[0])
    action = read_action(stage.engine, job.id)
    assert (action.status, action.result) == (ActionStatus.CANCELLED, None)


def test_a_stopping_worker_gives_the_attempt_back(stage: Stage) -> None:
    job = add_job(stage.engine)

    def asked_to_stop(action: Action, context: RunContext) -> None:
        stage.shutdown.request()
        check_until_told(action, context)

    stage.work.act = asked_to_stop
    stage.run(job.actions[0])
    action = read_action(stage.engine, job.id)
    assert (action.status, action.attempt, action.dispatch_no) == (ActionStatus.PENDING, 0, 2)


def test_work_behind_its_deadline_is_timed_out(stage: Stage) -> None:
    stage.timeout = timedelta(milliseconds=1)
    stage.work.act = check_until_told
    job = add_job(stage.engine)
    stage.run(job.actions[0])
    action = read_action(stage.engine, job.id)
    assert action.status is ActionStatus.FAILED
    assert action.error
    assert action.error.code == "timeout"


def test_a_worker_that_was_thought_dead_writes_nothing(stage: Stage) -> None:
    job = add_job(stage.engine)
    stage.beat_seconds = 60

    def outlived_its_lease(action: Action, _context: RunContext) -> None:
        _let_lease_run_out(stage, action)
        assert stage.reap() == 1

    stage.work.act = outlived_its_lease
    stage.run(job.actions[0])
    action = read_action(stage.engine, job.id)
    assert (action.status, action.dispatch_no, action.crashes) == (ActionStatus.PENDING, 2, 1)
    assert action.result is None
    stage.work.act = lambda action, context: None
    stage.run(action)
    assert read_action(stage.engine, job.id).status is ActionStatus.COMPLETED


def _let_lease_run_out(stage: Stage, action: Action) -> None:
    with stage.engine.begin() as connection:
        connection.execute(
            text("UPDATE job_actions SET lease_until = now() - interval '1 second' WHERE id = :id"), {"id": action.id}
        )


def test_a_run_that_lives_is_not_reaped(stage: Stage) -> None:
    job = add_job(stage.engine)
    stage.work.act = lambda action, context: _assert_nothing_reaped(stage)
    stage.run(job.actions[0])
    assert read_action(stage.engine, job.id).status is ActionStatus.COMPLETED


def _assert_nothing_reaped(stage: Stage) -> None:
    assert stage.reap() == 0


def test_a_job_that_is_held_keeps_no_other_from_being_taken_back_or_sent_again(stage: Stage) -> None:
    dead, lost = ([add_job(stage.engine), add_job(stage.engine)] for _ in range(2))
    stage.send()
    stage.redis.flushall()
    for job in dead:
        with stage.transactions() as transaction:
            gone = partial(Action.claim, worker="gone", now=A_WHILE_AGO, lease=LEASE, timeout=timedelta(days=1000))
            transaction.jobs.save(transaction.jobs.lock(job.id).change(job.actions[0].id, gone))
            transaction.commit()
    with stage.transactions() as holder:
        holder.jobs.lock(dead[0].id)
        holder.jobs.lock(lost[0].id)
        assert (stage.reap(), stage.reconcile()) == (1, 1)
    assert (stage.reap(), stage.reconcile()) == (1, 1)


def test_runs_that_could_not_beat_in_an_outage_have_a_lease_to_beat_again(stage: Stage) -> None:
    lease, outage_seconds = 0.2, 0.6
    turns = (0.0, outage_seconds, *(outage_seconds + share * lease for share in (0.4, 0.8, 1.2)))
    reap = ReapExpiredRuns(
        transactions=stage.transactions,
        action_types=stage.types,
        lease=timedelta(seconds=lease),
        clock=iter(turns).__next__,
    )
    assert reap() == 0
    job = add_job(stage.engine)
    with stage.transactions() as transaction:
        claim = partial(Action.claim, worker="w", now=A_WHILE_AGO, lease=LEASE, timeout=timedelta(days=1000))
        transaction.jobs.save(transaction.jobs.lock(job.id).change(job.actions[0].id, claim))
        transaction.commit()
    assert [reap() for _ in turns[1:]] == [0, 0, 0, 1]


class BeforeSleep(PostgresUnitOfWork):
    """Of a database that looked at its clock a while ago."""

    def now(self) -> datetime:
        return A_WHILE_AGO


def test_runs_of_a_machine_that_slept_have_a_lease_to_beat_again(stage: Stage) -> None:
    turns = (0.0, 0.0, 0.4, 0.8, 1.2)
    reap = ReapExpiredRuns(
        transactions=partial(BeforeSleep, stage.engine),
        action_types=stage.types,
        lease=timedelta(seconds=1),
        clock=iter(turns).__next__,
    )
    assert reap() == 0
    reap.transactions = stage.transactions
    job = _gone(stage)
    assert [reap() for _ in turns[1:]] == [0, 0, 0, 1]
    assert read_action(stage.engine, job.id).status is ActionStatus.PENDING


def test_a_run_of_a_type_that_nobody_knows_any_more_waits_again_and_can_be_cancelled(stage: Stage) -> None:
    job = _gone(stage)
    with stage.engine.begin() as connection:
        connection.execute(text("UPDATE job_actions SET type = 'uninstalled'"))
    assert stage.reap() == 1
    waiting = read_action(stage.engine, job.id)
    assert (waiting.status, waiting.crashes) == (ActionStatus.PENDING, 1)
    assert stage.send() == 0
    CancelJob(transactions=stage.transactions)(job.id)
    assert read_action(stage.engine, job.id).status is ActionStatus.CANCELLED


def _gone(stage: Stage) -> Job:
    """Claim an action for a worker that is never heard of again."""
    job = add_job(stage.engine)
    with stage.transactions() as transaction:
        claim = partial(Action.claim, worker="gone", now=A_WHILE_AGO, lease=LEASE, timeout=timedelta(minutes=10))
        transaction.jobs.save(transaction.jobs.lock(job.id).change(job.actions[0].id, claim))
        transaction.commit()
    return job


def test_what_cannot_be_cleared_up_keeps_nothing_else_from_it(stage: Stage) -> None:
    jobs = [add_job(stage.engine), add_job(stage.engine)]
    for job in jobs:
        with stage.transactions() as transaction:
            ended = partial(Action.claim, worker="gone", now=A_WHILE_AGO, lease=LEASE, timeout=LEASE)
            ended_job = transaction.jobs.lock(job.id).change(job.actions[0].id, ended).cancel(now=A_WHILE_AGO)
            transaction.jobs.save(ended_job)
            transaction.commit()

    def breaks_for_the_first(action: Action) -> None:
        if action.job_id == jobs[0].id:
            raise DatabaseUnavailable

    stage.work.clear = breaks_for_the_first
    assert (stage.sweep(), stage.work.cleaned) == (1, 1)
    stage.work.clear = lambda action: None
    assert (stage.sweep(), stage.work.cleaned) == (1, 2)


def test_a_wiped_redis_loses_nothing(stage: Stage) -> None:
    job = add_job(stage.engine)
    stage.send()
    stage.redis.flushall()
    assert stage.reconcile() == 1
    assert stage.send() == 1
    assert stage.doorbell.waiting(QUEUE) == {message_name(job.actions[0].id, 2)}
    stage.run(job.actions[0])
    assert stage.work.ran == [], "the lost message, should it turn up again, is stale"
    stage.run(read_action(stage.engine, job.id))
    assert stage.work.ran == [1]


def test_an_end_is_written_down_once_the_database_is_back(stage: Stage) -> None:
    job = add_job(stage.engine)
    stage.work.act = lambda action, context: _close_the_database(stage, job.id)
    stage.run(job.actions[0])
    assert stage.work.ran == [1]
    assert read_action(stage.engine, job.id).status is ActionStatus.COMPLETED


def _close_the_database(stage: Stage, job_id: JobId) -> None:
    """Let writers of the job wait in vain for a little longer than they are ready to."""
    locker = stage.engine.connect()
    locker.execute(text("SELECT FROM jobs WHERE id = :id FOR UPDATE"), {"id": job_id})
    refused = threading.Timer(6, locker.close)  # lock_timeout is 5 s
    refused.start()


def test_what_a_run_left_behind_is_cleared_up_though_its_worker_could_not(stage: Stage) -> None:
    job = add_job(stage.engine)

    def breaks(_action: Action) -> None:
        raise DatabaseUnavailable

    stage.work.clear = breaks
    stage.run(job.actions[0])
    assert (read_action(stage.engine, job.id).status, stage.work.cleaned) == (ActionStatus.COMPLETED, 0)
    stage.work.clear = lambda action: None
    assert (stage.sweep(), stage.work.cleaned) == (1, 1)
    assert stage.sweep() == 0


def test_nothing_is_cleared_up_behind_a_run_that_is_at_work(stage: Stage) -> None:
    job = add_job(stage.engine)
    stage.work.act = lambda action, context: _assert_nothing_swept(stage)
    stage.run(job.actions[0])
    assert read_action(stage.engine, job.id).status is ActionStatus.COMPLETED


def _assert_nothing_swept(stage: Stage) -> None:
    assert stage.sweep() == 0


def test_a_message_that_waits_is_not_sent_again(stage: Stage) -> None:
    add_job(stage.engine)
    stage.send()
    assert stage.reconcile() == 0
