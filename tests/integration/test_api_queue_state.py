"""What the queues hold, if they are well, who serves them, and their pauses, over HTTP on the real database."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import psycopg
import pytest
from rq import Queue
from sqlalchemy import Connection, Engine, text

from application.ports.queue_reader import QueueState
from application.ports.worker_registry import WorkerProcess
from domain.errors import DatabaseUnavailable
from domain.job import Job, new_task_job
from infrastructure.postgres.engine import make_engine
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from infrastructure.postgres.worker_registry import PostgresWorkerRegistry
from infrastructure.queue.queue_names import QUEUES
from infrastructure.queue.redis_queue import connect_redis
from infrastructure.queue.rq_messages import RqMessages
from tests.support.api import Api, NoQueues
from tests.support.api_world import AWAY, CORRUPT, World, a_world, ping_nothing
from tests.support.processes import until

QUEUE = "document_processing"
NOW = datetime.now(UTC)
WORKER = WorkerProcess(name="w1", queue=QUEUE, host="here", pid=7)


@pytest.fixture
def world(engine: Engine) -> Iterator[World]:
    with a_world(engine) as world:
        yield world


def info(world: World) -> Any:  # noqa: ANN401
    return world.get("info")["queues"][QUEUE]


def condition(world: World, *, status: int = 503) -> str:
    health = world.get("health", expect=status)
    assert health["healthy"] == (status == 200)
    return str(health["queues"][QUEUE]["condition"])


def test_each_state_is_counted(world: World) -> None:
    for _ in range(2):
        world.complete(world.run(world.job()))
    world.run(world.job(), CORRUPT)
    world.run(world.job())
    world.job()
    later = world.run(world.job(), AWAY)
    world.sql("UPDATE job_actions SET due_at = now() + interval '1 hour' WHERE job_id = :id", id=later.id)
    world.post(f"jobs/{world.job().id}/cancel")
    PostgresWorkerRegistry(world.engine).seen(WORKER)

    answer = world.get("info")

    assert set(answer["queues"]) == set(QUEUES)
    queue = answer["queues"][QUEUE]
    assert queue.pop("oldest_pending_seconds") > 0
    assert queue == {
        "queued": 1,
        "scheduled": 1,
        "started": 1,
        "finished": 2,
        "failed": 1,
        "cancelled": 1,
        "workers": 1,
        "paused": False,
        "paused_at": None,
        "rq": None,
    }
    assert answer["failure_rate_24h"] == pytest.approx(1 / 3)
    assert answer["queues"]["artifacts"]["oldest_pending_seconds"] is None


def test_what_is_deleted_or_retried_is_counted_no_more(world: World) -> None:
    failed, done = world.run(world.job(), CORRUPT), world.complete(world.run(world.job()))
    world.post(f"jobs/{failed.id}/retry", expect=202)
    world.sql("DELETE FROM jobs WHERE id = :id", id=done.id)
    queue = info(world)
    assert (queue["failed"], queue["finished"], queue["queued"]) == (0, 0, 1)
    assert world.get("info")["failure_rate_24h"] == 0.5


def test_what_ended_longer_ago_than_a_day_is_no_part_of_the_failure_rate(world: World) -> None:
    world.complete(world.run(world.job()))
    world.run(world.job(), CORRUPT)
    world.sql("UPDATE queue_hours SET hour = hour - interval '25 hours'")
    assert world.get("info")["failure_rate_24h"] is None


def test_what_ended_is_told_by_the_hour(world: World) -> None:
    for _ in range(2):
        world.complete(world.run(world.job()))
    world.sql("UPDATE queue_hours SET hour = hour - interval '23 hours', slot = (slot + 2) % 25")
    world.run(world.job(), CORRUPT)

    hours = world.get("throughput", queue=QUEUE)["hours"]

    assert [(hour["completed"], hour["failed"]) for hour in hours] == [(2, 0), *[(0, 0)] * 22, (0, 1)]
    starts = [datetime.fromisoformat(hour["hour"]) for hour in hours]
    assert {later - earlier for earlier, later in pairwise(starts)} == {timedelta(hours=1)}
    assert starts[-1] <= datetime.now(UTC) < starts[-1] + timedelta(hours=1, minutes=1)
    assert world.get("throughput")["hours"] == hours
    assert {hour["completed"] for hour in world.get("throughput", queue="artifacts")["hours"]} == {0}


def test_no_count_is_lost_when_many_write_at_once(world: World) -> None:
    def work(number: int) -> None:
        job = world.run(world.job(f"{number}.pdf"), CORRUPT if number % 2 else None)
        if number % 4 == 0:
            world.complete(job)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(40)))
    queue = info(world)
    assert (queue["queued"], queue["started"], queue["finished"], queue["failed"]) == (0, 10, 10, 20)
    assert world.get("info")["failure_rate_24h"] == pytest.approx(2 / 3)


def test_two_that_change_several_queues_in_another_order_do_not_wait_for_each_other_in_a_circle(world: World) -> None:
    jobs = [new_task_job(action_type="t", queue=name, params={}, max_attempts=1, now=NOW) for name in QUEUES[:2] * 2]
    with PostgresUnitOfWork(world.engine) as transaction:
        transaction.jobs.add(*jobs)
        transaction.commit()
    with ExitStack() as stack, ThreadPoolExecutor(1) as pool:
        one, other = two_of_one_shard(world.engine, stack)
        cancel_counted(one, jobs[0])
        # Without a common lock it would hold the second queue's row, and wait for the first one's.
        ended = pool.submit(lambda: [cancel_counted(other, jobs[3]), cancel_counted(other, jobs[2]), other.commit()])
        until(lambda: waits(one, pid_of(other)), seconds=10)
        cancel_counted(one, jobs[1])
        one.commit()
        ended.result()
    counts = world.get("info")["queues"]
    assert [counts[name]["cancelled"] for name in QUEUES[:2]] == [2, 2]


def two_of_one_shard(engine: Engine, stack: ExitStack) -> tuple[Connection, Connection]:
    by_shard: dict[int, Connection] = {}
    wide = make_engine(str(engine.url.render_as_string(hide_password=False)), application_name="shards", pool_size=17)
    stack.callback(wide.dispose)
    while True:
        connection = stack.enter_context(wide.connect())
        same = by_shard.setdefault(pid_of(connection) % 16, connection)
        if same is not connection:
            return same, connection


def pid_of(connection: Connection) -> int:
    info: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
    return info.info.backend_pid


def cancel_counted(connection: Connection, job: Job) -> None:
    """Cancel, and have it counted now, as it would be in the commit."""
    cancel = text("UPDATE job_actions SET status = 'cancelled', completed_at = now() WHERE job_id = :id")
    connection.execute(cancel, {"id": job.id})
    connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))


def waits(connection: Connection, pid: int) -> bool:
    query = text("SELECT EXISTS (SELECT FROM pg_locks WHERE pid = :pid AND NOT granted)")
    return bool(connection.execute(query, {"pid": pid}).scalar_one())


def test_the_queues_of_the_database_are_those_that_can_be_sent_to(engine: Engine) -> None:
    with engine.connect() as connection:
        names = connection.exec_driver_sql("SELECT name FROM queues").scalars()
        assert set(names) == set(QUEUES)


def test_rqs_own_counts_and_redis_stand_beside(engine: Engine, redis_url: str) -> None:
    with connect_redis(redis_url) as redis:
        Queue(QUEUE, connection=redis).enqueue("nothing.at_all")
        with a_world(engine, queue_messages=RqMessages(redis)) as world:
            answer = world.get("info")
    none = dict.fromkeys(("queued", "started", "finished", "failed", "scheduled", "deferred", "workers"), 0)
    assert answer["queues"][QUEUE]["rq"] == none | {"queued": 1}
    assert answer["queues"][QUEUE]["queued"] == 0
    assert answer["redis"]["used_memory_bytes"] > 0
    assert answer["redis"]["connected_clients"] > 0


def test_a_redis_that_is_away_leaves_the_counts_of_the_database(engine: Engine) -> None:
    with connect_redis("redis://127.0.0.1:1") as nowhere, a_world(engine, queue_messages=RqMessages(nowhere)) as world:
        world.job()
        answer = world.get("info")
    assert (answer["queues"][QUEUE]["queued"], answer["queues"][QUEUE]["rq"]) == (1, None)
    assert answer["redis"] == {"used_memory_bytes": None, "connected_clients": None}


def test_a_stack_without_work_is_healthy(world: World) -> None:
    health = world.get("health")
    assert health["healthy"]
    part = {"healthy": True, "code": None, "detail": None}
    assert health["parts"] == {"database": part, "redis": part, "storage": part}
    assert health["queues"] == {name: {"healthy": True, "condition": "ok", "detail": None} for name in QUEUES}


def test_a_part_that_does_not_answer_is_named_with_what_to_do(world: World) -> None:
    def fail() -> None:
        raise DatabaseUnavailable

    world.api.parts["database"] = fail
    health = world.get("health", expect=503)
    assert (health["healthy"], health["queues"]) == (False, {})
    assert health["parts"]["database"]["code"] == "database_unavailable"
    assert "ESTEIRA_DATABASE_URL" in health["parts"]["database"]["detail"]
    assert health["parts"]["redis"]["healthy"]


class UncountedQueues(NoQueues):
    """A table is locked: the database answers, and what the queues hold cannot be read."""

    def states(self) -> Mapping[str, QueueState]:
        raise DatabaseUnavailable


def test_queues_that_cannot_be_counted_are_not_healthy() -> None:
    api = Api(queues=UncountedQueues(), parts=dict.fromkeys(("database", "redis", "storage"), ping_nothing))
    with api.serve() as client:
        answer = client.get("/api/v1/queue/health")
    health = answer.json()
    assert (answer.status_code, health["healthy"], health["queues"]) == (503, False, {})
    assert health["parts"]["database"]["code"] == "database_unavailable"


def test_work_without_a_worker_is_starved_until_one_lives(world: World) -> None:
    world.job()
    assert condition(world) == "starved"
    assert "worker.py --queue document_processing" in world.get("health", expect=503)["queues"][QUEUE]["detail"]
    PostgresWorkerRegistry(world.engine).seen(WORKER)
    assert condition(world, status=200) == "ok"
    world.sql("UPDATE workers SET seen_at = now() - interval '1 minute'")
    assert condition(world) == "starved"


@pytest.mark.parametrize(
    "sign",
    [
        "UPDATE job_actions SET lease_until = now() - interval '2 minutes' WHERE status = 'processing'",
        "UPDATE job_actions SET deadline = now() - interval '2 minutes' WHERE status = 'processing'",
        "UPDATE job_actions SET due_at = now() - interval '2 minutes' WHERE status = 'pending'",
    ],
)
def test_what_is_overdue_makes_a_queue_stuck(world: World, sign: str) -> None:
    PostgresWorkerRegistry(world.engine).seen(WORKER)
    world.job()
    world.run(world.job())
    assert condition(world, status=200) == "ok"
    world.sql(sign)
    assert condition(world) == "stuck"


def test_a_backlog_is_not_stuck_unless_nothing_is_taken_up(world: World) -> None:
    PostgresWorkerRegistry(world.engine).seen(WORKER)
    running = world.run(world.job())
    world.job()
    past = datetime.now(UTC) - timedelta(hours=1)
    world.sql("UPDATE job_actions SET due_at = :past, sent_at = :past WHERE status = 'pending'", past=past)
    assert condition(world, status=200) == "ok"
    world.complete(running)
    assert condition(world, status=200) == "ok"
    world.sql("UPDATE queue_counts SET served_at = now() - interval '2 minutes'")
    assert condition(world) == "stuck"


def test_a_paused_queue_is_healthy_and_says_how_it_goes_on(world: World) -> None:
    world.job()
    paused = world.post(f"{QUEUE}/pause")
    assert (paused["queue"], paused["paused"]) == (QUEUE, True)
    assert world.post(f"{QUEUE}/pause") == paused
    assert (info(world)["paused"], info(world)["paused_at"]) == (True, paused["paused_at"])
    assert "/resume" in world.get("health")["queues"][QUEUE]["detail"]
    assert condition(world, status=200) == "paused"
    for _ in range(2):
        assert world.post(f"{QUEUE}/resume") == {"queue": QUEUE, "paused": False, "paused_at": None}
    assert world.api.relay_wakes == 2
    assert info(world)["paused"] is False


@pytest.mark.parametrize("name", ["nonsense", "a%00b", "%F0%9F%98%80", "x" * 300, "document_processing%0A", "%ff"])
@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_an_unknown_queue_is_not_found(world: World, name: str, verb: str) -> None:
    assert world.post(f"{name}/{verb}", expect=404)["code"] == "queue_not_found"


def test_who_waits_is_told_that_the_queue_is_paused(world: World) -> None:
    PostgresWorkerRegistry(world.engine).seen(WORKER)
    url = f"/api/v1/documents/{world.job().document_id}/status"
    world.post(f"{QUEUE}/pause")
    assert world.client.get(url).json()["message"] == "Waiting: the queue is paused"
    world.post(f"{QUEUE}/resume")
    assert world.client.get(url).json()["message"] == "Waiting for a worker"


def test_workers_tell_what_they_are_at_and_since_when(world: World) -> None:
    registry = PostgresWorkerRegistry(world.engine)
    registry.seen(WORKER)
    registry.seen(WorkerProcess(name="idle", queue="artifacts", host="here", pid=8))
    world.sql("UPDATE workers SET seen_at = now() - interval '5 minutes' WHERE name = 'idle'")
    before = datetime.now(UTC) - timedelta(seconds=1)
    job = world.run(world.run(world.job("plan.pdf"), AWAY))
    world.post(f"jobs/{job.id}/cancel")

    idle, busy = world.get("workers")["items"]

    assert (idle["name"], idle["alive"], idle["running"]) == ("idle", False, None)
    assert (busy["name"], busy["queue"], busy["host"], busy["pid"], busy["alive"]) == ("w1", QUEUE, "here", 7, True)
    running = busy["running"]
    assert (running["job_id"], running["filename"], running["attempt"]) == (str(job.id), "plan.pdf", 2)
    since, started = datetime.fromisoformat(running["since"]), datetime.fromisoformat(busy["started_at"])
    assert before < started
    (history,) = world.get(f"jobs/{job.id}")["actions"]
    assert since == datetime.fromisoformat(history["timeline"][-1]["started_at"])


def test_a_worker_that_takes_a_name_over_started_then(world: World) -> None:
    registry = PostgresWorkerRegistry(world.engine)
    registry.seen(WORKER)
    world.sql("UPDATE workers SET started_at = now() - interval '1 day'")
    registry.seen(WORKER)
    (old,) = world.get("workers")["items"]
    registry.seen(WorkerProcess(name=WORKER.name, queue=QUEUE, host="here", pid=99))
    (new,) = world.get("workers")["items"]
    assert datetime.fromisoformat(new["started_at"]) - datetime.fromisoformat(old["started_at"]) > timedelta(hours=23)


def test_places_in_a_long_line_are_the_same_one_by_one_and_all_at_once(world: World) -> None:
    jobs = [world.job(f"{number}.pdf") for number in range(6)]
    ids = [str(job.document_id) for job in jobs]
    at_once = world.client.get("/api/v1/documents/status", params={"ids": ",".join(ids)}).json()["items"]
    alone = [world.client.get(f"/api/v1/documents/{document_id}/status").json() for document_id in ids]
    assert [item["queue_position"] for item in at_once] == [item["queue_position"] for item in alone]
    assert [item["queue_position"] for item in alone] == [1, 2, 3, 4, 5, 6]
