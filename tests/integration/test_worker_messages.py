"""What the worker does with messages that nobody of ours wrote."""

import logging
import signal
import threading
from collections.abc import Iterator
from uuid import uuid4

import pytest
import redis
from rq import Queue
from rq.serializers import JSONSerializer

from infrastructure.queue import jobs
from infrastructure.queue.heartbeat import Shutdown
from infrastructure.queue.queue_names import JOB_FUNCTIONS
from infrastructure.queue.worker import EsteiraWorker
from infrastructure.queue.worker import log as worker_log

QUEUE = "artifacts"
KEY = f"rq:queue:{QUEUE}"
PATIENCE_SECONDS = 30
done: list[int] = []


def note(number: int) -> None:
    """What a stranger's message calls."""
    done.append(number)


@pytest.fixture
def connection(redis_url: str) -> Iterator[redis.Redis]:
    jobs.bind(lambda _action_id, dispatch_no: done.append(dispatch_no))
    with redis.Redis.from_url(redis_url) as connection:
        connection.flushdb()
        done.clear()
        yield connection
        connection.flushdb()


@pytest.fixture
def worker(connection: redis.Redis) -> EsteiraWorker:
    worker = EsteiraWorker([QUEUE], name="w", connection=connection, serializer=JSONSerializer)
    worker.shutdown = Shutdown(grace_seconds=0)
    return worker


def send(connection: redis.Redis, number: int) -> None:
    queue = Queue(QUEUE, connection=connection, serializer=JSONSerializer)
    queue.enqueue(JOB_FUNCTIONS[QUEUE], str(uuid4()), number)


def test_what_a_stranger_wants_called_is_not_called(connection: redis.Redis, worker: EsteiraWorker) -> None:
    Queue(QUEUE, connection=connection, serializer=JSONSerializer).enqueue(f"{__name__}.note", 1)
    send(connection, 2)
    worker.work(burst=True)
    assert done == [2]
    assert connection.keys("rq:job:*") == [f"rq:job:{job}".encode() for job in finished(connection)]
    assert worker.get_current_job() is None


def finished(connection: redis.Redis) -> list[str]:
    return Queue(QUEUE, connection=connection, serializer=JSONSerializer).finished_job_registry.get_job_ids()


def test_messages_that_cannot_be_read_are_passed_over(connection: redis.Redis, worker: EsteiraWorker) -> None:
    connection.hset("rq:job:no-date", mapping={"created_at": "x", "data": "x"})
    connection.set("rq:job:no-hash", "x")
    connection.rpush(KEY, b"\xff\xfe", "", "nobody", "no-date", "no-hash")
    send(connection, 7)
    worker.work(burst=True)
    assert done == [7]


def test_a_worker_that_could_not_read_a_message_stops_when_it_is_asked_to(
    connection: redis.Redis, worker: EsteiraWorker
) -> None:
    class Stop(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "cannot be read" in record.getMessage():
                worker.request_stop(signal.SIGTERM, None)

    connection.hset("rq:job:no-function", mapping={"created_at": "2026-01-01T00:00:00Z", "data": "x"})
    connection.rpush(KEY, "no-function")
    send(connection, 7)
    handler = Stop()
    worker_log.addHandler(handler)
    try:
        worker.work(burst=True)
    finally:
        worker_log.removeHandler(handler)
    assert done == []


def test_a_worker_starts_over_messages_that_its_dead_predecessor_could_not_read(
    connection: redis.Redis, worker: EsteiraWorker
) -> None:
    connection.rpush(f"{KEY}:intermediate", b"\xff\xfe")
    send(connection, 7)
    worker.work(burst=True)
    assert done == [7]


def test_a_redis_that_refuses_is_waited_for(
    connection: redis.Redis, worker: EsteiraWorker, caplog: pytest.LogCaptureFixture
) -> None:
    connection.set(KEY, "not a list")

    def make_good() -> None:
        while "Redis gives no message" not in caplog.text:
            ended.wait(0.01)
        connection.delete(KEY)
        send(connection, 8)

    ended = threading.Event()
    healer = threading.Thread(target=make_good, daemon=True)
    with caplog.at_level(logging.WARNING):
        healer.start()
        while not done:
            worker.work(burst=True)
    healer.join(PATIENCE_SECONDS)
    assert done == [8]
