"""Each fault alone, on real processes with short settings: what recovers from it, and how soon.

Elsewhere: a page that crashes, hangs or bloats its parser is tried once more alone and then quarantined
(test_sandbox.py); a message delivered twice, a Redis that is away while work is sent, and the road of retries
(test_life_of_an_action.py); what a zombie writes in the middle of a COPY (test_passage_store.py).
"""

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import psutil
import pytest
from redis import Redis
from sqlalchemy import Engine

from application.use_cases.cancel_job import CancelJob
from application.use_cases.send_due_actions import SendDueActions
from domain.action import Action, ActionStatus
from domain.errors import DatabaseUnavailable
from domain.ids import JobId
from domain.job import DOCUMENT_QUEUE, INDEX
from infrastructure.embedded.stack import EmbeddedStack
from infrastructure.postgres.engine import make_engine
from infrastructure.postgres.migrate import migrate
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from infrastructure.queue.redis_queue import RqDoorbell, connect_redis
from tests.support.embedded import drop_database, fresh_database
from tests.support.jobs import add_job, read_action
from tests.support.processes import Workers, family, stopped, until

BEAT, LEASE, HANG, REAP, RECONCILE = 0.4, 2, 1, 0.3, 1
# A process can be stopped in the middle of a duty's transaction, whose locks the server then frees after this time.
IDLE_TRANSACTION = 10
# For a machine with much else to do; the bounds themselves are the settings'.
SLACK = 4
COMPLETED, FAILED, CANCELLED = ActionStatus.COMPLETED, ActionStatus.FAILED, ActionStatus.CANCELLED


@dataclass
class World:
    stack: EmbeddedStack
    engine: Engine
    redis: Redis
    workers: Workers
    folder: Path

    def add(self, script: str) -> JobId:
        return add_job(self.engine, etag=script).id

    def action(self, job_id: JobId) -> Action:
        return read_action(self.engine, job_id)

    def send(self) -> None:
        SendDueActions(
            transactions=partial(PostgresUnitOfWork, self.engine),
            doorbell=RqDoorbell(self.redis),
            action_timeouts={INDEX: 60},
        )()

    def cancel(self, job_id: JobId) -> None:
        CancelJob(transactions=partial(PostgresUnitOfWork, self.engine))(job_id)

    def ends(self, job_id: JobId, status: ActionStatus, *, within: float) -> Action:
        until(lambda: self._is_final(job_id), seconds=within + SLACK)
        action = self.action(job_id)
        assert action.status is status, action
        return action

    def _is_final(self, job_id: JobId) -> bool:
        try:
            return self.action(job_id).is_final
        except DatabaseUnavailable:
            return False

    def runs(self, job_id: JobId) -> Action:
        """Wait until a worker has the action in its hands."""
        until(lambda: self.action(job_id).status is ActionStatus.PROCESSING, seconds=10)
        return self.action(job_id)


@pytest.fixture(scope="module")
def fragile_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    """A stack whose servers may be ended: the other tests' stack is left in peace."""
    with EmbeddedStack.own(tmp_path_factory.mktemp("fragile")) as stack:
        yield stack


@pytest.fixture
def world(fragile_stack: EmbeddedStack, tmp_path: Path) -> Iterator[World]:
    database_url, redis_url = fresh_database(fragile_stack.addresses), fragile_stack.addresses.redis_url
    assert redis_url
    engine = make_engine(database_url, application_name="test")
    migrate(engine)
    workers = Workers(engine=engine, database_url=database_url, redis_url=redis_url, folder=tmp_path)
    with connect_redis(redis_url) as redis:
        redis.flushall()
        try:
            yield World(stack=fragile_stack, engine=engine, redis=redis, workers=workers, folder=tmp_path)
        finally:
            workers.end()
            engine.dispose()
            drop_database(fragile_stack.addresses, database_url)


def test_what_a_process_committed_before_it_died_is_sent_by_another(world: World) -> None:
    world.workers.start("one")
    world.ends(world.add("fine"), COMPLETED, within=2)


def test_a_wiped_redis_loses_nothing(world: World) -> None:
    world.workers.start("one")
    busy = world.add(f"until {world.folder / 'go'}")
    world.runs(busy)
    waiting = world.add("fine")
    until(lambda: world.action(waiting).sent_at, seconds=5)
    world.redis.flushall()
    (world.folder / "go").touch()
    assert world.ends(busy, COMPLETED, within=1).attempt == 1
    assert world.ends(waiting, COMPLETED, within=3 * RECONCILE).attempt == 1


def test_a_redis_that_stands_still_delays_and_loses_nothing(world: World) -> None:
    world.workers.start("one")
    with stopped(world.redis.info("server")["process_id"]):
        job = world.add("fine")
        until(lambda: b"relay waits" in world.workers.log("one").read_bytes(), seconds=10)
    world.ends(job, COMPLETED, within=5)


def test_a_redis_that_is_started_anew_is_found_by_the_worker(world: World) -> None:
    worker = world.workers.start("one")
    os.kill(world.redis.info("server")["process_id"], signal.SIGKILL)
    job = world.add("fine")
    world.ends(job, COMPLETED, within=15)
    assert worker.poll() is None


def test_a_message_lost_between_pop_and_start_is_sent_again(world: World) -> None:
    job = world.add("fine")
    world.send()
    assert world.redis.lpop(f"rq:queue:{DOCUMENT_QUEUE}"), "popped by a worker that died at once"
    world.workers.start("one")
    action = world.ends(job, COMPLETED, within=3 * RECONCILE)
    assert (action.attempt, action.crashes) == (1, 0)


def test_the_work_of_a_killed_worker_is_taken_up_by_another(world: World) -> None:
    for name in ("one", "two"):
        world.workers.start(name)
    action = world.ends(world.add(f"once {world.folder / 'died'} die"), COMPLETED, within=LEASE + REAP + 1)
    assert (action.attempt, action.crashes) == (2, 1)


def test_a_document_that_kills_every_worker_is_buried_and_the_queue_goes_on(world: World) -> None:
    world.workers.start("one", supervised=True)
    poison = world.add("die")
    action = world.ends(poison, FAILED, within=3 * (LEASE + REAP) + 10)
    assert action.error
    assert (action.crashes, action.error.code) == (3, "worker_lost")
    world.ends(world.add("fine"), COMPLETED, within=15)


def test_a_zombie_writes_nothing_and_works_on(world: World) -> None:
    zombie = world.workers.start("zombie")
    job = world.add(f"once {world.folder / 'claimed'} until {world.folder / 'go'}")
    until((world.folder / "claimed").exists, seconds=RECONCILE + SLACK)
    with stopped(zombie.pid):
        world.workers.start("other")
        ended = world.ends(job, COMPLETED, within=max(LEASE, IDLE_TRANSACTION) + REAP + 1)
        assert (ended.worker, ended.run_lease, ended.crashes) == ("other", 2, 1)
        (world.folder / "go").touch()
    until(lambda: b"nothing is written" in world.workers.log("zombie").read_bytes(), seconds=10)
    # Its other worker clears up behind it a moment after it has ended.
    until(lambda: not world.action(job).unclean, seconds=RECONCILE + SLACK)
    assert world.action(job) == replace(ended, unclean=False)
    assert zombie.poll() is None


@pytest.mark.parametrize("how", ["cancel", "deadline"])
def test_a_hung_main_thread_ends_the_process_and_the_supervisor_starts_another(world: World, how: str) -> None:
    timeout = {"INDEX_TIMEOUT_SECONDS": "2"} if how == "deadline" else {}
    world.workers.start("one", supervised=True, **timeout)
    job = world.add("hang")
    world.runs(job)
    if how == "cancel":
        world.cancel(job)
    until(lambda: b"ended with 70" in world.workers.log("one").read_bytes(), seconds=2 + BEAT + HANG + SLACK)
    action = world.ends(job, CANCELLED if how == "cancel" else FAILED, within=LEASE + REAP + 5)
    assert (action.error.code if action.error else None) == (None if how == "cancel" else "timeout")
    world.ends(world.add("fine"), COMPLETED, within=5)


def test_running_work_is_cancelled_within_a_beat(world: World) -> None:
    world.workers.start("one")
    job = world.add("until-told")
    world.runs(job)
    world.cancel(job)
    world.ends(job, CANCELLED, within=BEAT + 0.5)


def test_a_cancel_frees_the_worker_while_a_page_hangs(world: World) -> None:
    script = world.folder / "script"
    script.write_text("pages\none\nhang\n")
    worker = world.workers.start("one")
    job = world.add(f"parse {script}")
    until(lambda: family(worker.pid), seconds=10)
    world.runs(job)
    world.cancel(job)
    world.ends(job, CANCELLED, within=BEAT + 1)
    until(lambda: not family(worker.pid), seconds=2)
    world.ends(world.add("fine"), COMPLETED, within=2)


def test_an_object_store_that_is_away_is_waited_for(world: World) -> None:
    world.workers.start("one", RETRY_DELAY_SECONDS="1")
    job = world.add(f"store-away {world.folder / 'store'}")
    until(lambda: world.action(job).error, seconds=5)
    (world.folder / "store").mkdir()
    action = world.ends(job, COMPLETED, within=4)
    assert 2 <= action.attempt <= action.max_attempts
    assert action.crashes == 0


def test_work_that_ends_while_postgresql_is_away_is_not_lost(world: World) -> None:
    worker = world.workers.start("one")
    job = world.add(f"until {world.folder / 'go'}")
    world.runs(job)
    end_postgres(world)
    (world.folder / "go").touch()
    action = world.ends(job, COMPLETED, within=LEASE + 10)
    assert (action.attempt, action.crashes) == (1, 0)
    assert worker.poll() is None


def end_postgres(world: World) -> None:
    """End the server as an administrator does it; the stack starts another."""
    postmaster = int((world.stack.directory.path / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0])
    os.kill(postmaster, signal.SIGINT)
    until(lambda: not psutil.pid_exists(postmaster), seconds=10)


def test_a_stopping_worker_gives_its_work_back_and_signs_off(world: World) -> None:
    worker = world.workers.start("one")
    job = world.add("until-told")
    world.runs(job)
    worker.terminate()
    assert worker.wait(timeout=10) == 0
    action = world.action(job)
    assert (action.status, action.attempt, action.crashes) == (ActionStatus.PENDING, 0, 0)
    assert not world.workers.serves("one")
