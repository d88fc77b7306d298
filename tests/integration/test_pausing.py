"""A queue that is paused and resumed, over real PostgreSQL and Redis: nothing starts, is lost, or loops."""

from collections.abc import Iterator

import pytest
from redis import Redis
from sqlalchemy import Engine

from application.ports.run_context import RunContext
from application.use_cases.pause_queue import PauseQueue
from application.use_cases.resume_queue import ResumeQueue
from domain.action import Action, ActionStatus
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from infrastructure.queue.heartbeat import Shutdown
from infrastructure.queue.redis_queue import connect_redis
from tests.support.action_stage import QUEUE, Stage, Work
from tests.support.jobs import add_job, read_action


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    with connect_redis(redis_url) as redis:
        yield redis


@pytest.fixture
def stage(engine: Engine, redis: Redis) -> Stage:
    return Stage(engine=engine, redis=redis, work=Work(), shutdown=Shutdown(grace_seconds=0))


def pause(stage: Stage) -> None:
    PauseQueue(transactions=lambda: PostgresUnitOfWork(stage.engine))(QUEUE)


def resume(stage: Stage) -> None:
    ResumeQueue(transactions=lambda: PostgresUnitOfWork(stage.engine), wake_relay=lambda: None)(QUEUE)


def test_new_work_is_not_sent_before_the_queue_goes_on(stage: Stage) -> None:
    pause(stage)
    job = add_job(stage.engine)
    assert (stage.send(), stage.doorbell.waiting(QUEUE)) == (0, frozenset())
    resume(stage)
    assert (stage.send(), stage.send()) == (1, 0)
    stage.run(job.actions[0])
    assert stage.work.ran == [1]


def test_what_was_sent_before_is_not_started_but_sent_again_afterwards(stage: Stage) -> None:
    job = add_job(stage.engine)
    stage.send()
    pause(stage)
    stage.run(job.actions[0])
    put_back = read_action(stage.engine, job.id)
    assert (put_back.status, put_back.attempt, put_back.sent_at) == (ActionStatus.PENDING, 0, None)
    assert (stage.work.ran, stage.send()) == ([], 0)
    resume(stage)
    assert stage.send() == 1
    stage.run(job.actions[0])
    assert stage.work.ran == []
    stage.run(put_back)
    assert stage.work.ran == [1]


def test_messages_that_redis_loses_meanwhile_are_looked_at_once(stage: Stage) -> None:
    job = add_job(stage.engine)
    stage.send()
    pause(stage)
    stage.redis.flushall()
    assert [(stage.reconcile(), stage.send()) for _ in range(3)] == [(1, 0), (0, 0), (0, 0)]
    resume(stage)
    assert stage.send() == 1
    stage.run(read_action(stage.engine, job.id))
    assert stage.work.ran == [1]


def test_messages_that_nobody_took_are_still_good_afterwards(stage: Stage) -> None:
    job = add_job(stage.engine)
    stage.send()
    pause(stage)
    assert stage.reconcile() == 0
    resume(stage)
    stage.run(job.actions[0])
    assert stage.work.ran == [1]


def test_what_runs_goes_on(stage: Stage) -> None:
    def pausing(_action: Action, _context: RunContext) -> None:
        pause(stage)

    stage.work.act = pausing
    job = add_job(stage.engine)
    stage.run(job.actions[0])
    assert read_action(stage.engine, job.id).status is ActionStatus.COMPLETED


def test_a_wiped_redis_forgets_no_pause(stage: Stage) -> None:
    pause(stage)
    stage.redis.flushall()
    add_job(stage.engine)
    assert stage.send() == 0
