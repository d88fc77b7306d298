"""What the worker does with messages that nobody of ours wrote."""

import logging
import threading
from collections.abc import Iterator

import pytest
import redis
from rq import Queue
from rq.serializers import JSONSerializer

from infrastructure.queue.heartbeat import Shutdown
from infrastructure.queue.worker import EsteiraWorker

QUEUE = "artifacts"
KEY = f"rq:queue:{QUEUE}"
PATIENCE_SECONDS = 30
done: list[str] = []


def note(word: str) -> None:
    """Work that a message asks for."""
    done.append(word)


@pytest.fixture
def connection(redis_url: str) -> Iterator[redis.Redis]:
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


def send(connection: redis.Redis, word: str) -> None:
    Queue(QUEUE, connection=connection, serializer=JSONSerializer).enqueue(f"{__name__}.note", word)


def test_messages_that_cannot_be_read_are_passed_over(connection: redis.Redis, worker: EsteiraWorker) -> None:
    connection.hset("rq:job:no-date", mapping={"created_at": "x", "data": "x"})
    connection.set("rq:job:no-hash", "x")
    connection.rpush(KEY, b"\xff\xfe", "", "nobody", "no-date", "no-hash")
    send(connection, "read")
    worker.work(burst=True)
    assert done == ["read"]


def test_a_worker_starts_over_messages_that_its_dead_predecessor_could_not_read(
    connection: redis.Redis, worker: EsteiraWorker
) -> None:
    connection.rpush(f"{KEY}:intermediate", b"\xff\xfe")
    send(connection, "read")
    worker.work(burst=True)
    assert done == ["read"]


def test_a_redis_that_refuses_is_waited_for(
    connection: redis.Redis, worker: EsteiraWorker, caplog: pytest.LogCaptureFixture
) -> None:
    connection.set(KEY, "not a list")

    def make_good() -> None:
        while "Redis gives no message" not in caplog.text:
            ended.wait(0.01)
        connection.delete(KEY)
        send(connection, "after")

    ended = threading.Event()
    healer = threading.Thread(target=make_good, daemon=True)
    with caplog.at_level(logging.WARNING):
        healer.start()
        while not done:
            worker.work(burst=True)
    healer.join(PATIENCE_SECONDS)
    assert done == ["after"]
