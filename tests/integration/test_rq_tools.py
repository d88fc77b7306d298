"""RQ's own tools on our queues: its client, `rq info` as a process, and rq-dashboard, while a worker is at work."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis
from rq import Queue, Worker
from rq.job import Job as Message
from rq.serializers import JSONSerializer

from application.ports.doorbell import message_name
from application.ports.job_store import Dispatch
from domain.action import Action
from infrastructure.queue import jobs
from infrastructure.queue.heartbeat import Shutdown
from infrastructure.queue.redis_queue import RqDoorbell, connect_redis
from infrastructure.queue.worker import EsteiraWorker
from tests.support.document_factory import a_document, a_job
from tests.support.http_server import listening_socket
from tests.support.program import ROOT, running_program

QUEUE = "document_processing"
RQ = Path(sys.executable).with_name("rq")


@dataclass
class Sight:
    """What somebody saw while a worker was at work on the first of two messages."""

    running: Action
    waiting: Action
    document_id: str
    redis_url: str
    redis: Redis
    seen: dict[str, Any] = field(default_factory=dict)


def ring(redis: Redis) -> tuple[Action, str]:
    document = a_document(filename="Café plan.pdf")
    action = a_job(document).actions[0]
    dispatch = Dispatch(action=action, document_id=str(document.id), filename=document.filename)
    RqDoorbell(redis).ring(dispatch, timeout_seconds=60)
    return action, str(document.id)


@pytest.fixture
def sight(redis_url: str) -> Iterator[Sight]:
    with connect_redis(redis_url, socket_timeout_seconds=30) as redis:
        (running, document_id), (waiting, _) = ring(redis), ring(redis)
        yield Sight(running=running, waiting=waiting, document_id=document_id, redis_url=redis_url, redis=redis)
        redis.flushdb()


def while_at_work(sight: Sight, look: Any) -> Any:  # noqa: ANN401
    """Look while a worker is at the first message; return what was seen."""

    def run(_action_id: object, _dispatch_no: int) -> None:
        sight.seen["at work"] = look()

    jobs.bind(run)
    worker = EsteiraWorker([QUEUE], name="w1", connection=sight.redis, serializer=JSONSerializer)
    worker.shutdown = Shutdown(grace_seconds=0)
    worker.work(burst=True, max_jobs=1)
    return sight.seen["at work"]


def test_rqs_client_reads_queues_messages_and_workers(sight: Sight) -> None:
    def look() -> tuple[Any, ...]:
        (worker,) = Worker.all(connection=sight.redis, serializer=JSONSerializer)
        queue = Queue(QUEUE, connection=sight.redis, serializer=JSONSerializer)
        current = worker.get_current_job()
        assert current
        return worker.name, worker.queue_names(), str(worker.get_state()), current.description, queue.jobs

    name, queues, state, at_work, waiting = while_at_work(sight, look)

    assert (name, queues, state, at_work) == ("w1", [QUEUE], "busy", "index Café plan.pdf (attempt 1)")
    assert [message.id for message in waiting] == [message_name(sight.waiting.id, 1)]
    assert waiting[0].description == "index Café plan.pdf (attempt 1)"
    message = Message.fetch(message_name(sight.running.id, 1), connection=sight.redis, serializer=JSONSerializer)
    assert message.meta == {
        "action": str(sight.running.id),
        "job": str(sight.running.job_id),
        "document": sight.document_id,
        "filename": "Café plan.pdf",
        "attempt": 1,
    }


def test_rq_info_counts_our_queues_and_workers(sight: Sight) -> None:
    def look() -> "subprocess.CompletedProcess[str]":
        command = [str(RQ), "info", "--url", sight.redis_url, "--raw"]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    told = while_at_work(sight, look)

    assert (told.returncode, told.stderr) == (0, "")
    assert f"queue {QUEUE} 1, 1 executing, 0 finished, 0 failed" in told.stdout
    assert "worker w1 (" in told.stdout
    assert f"busy {QUEUE}. jobs: 0 finished, 0 failed" in told.stdout


@contextmanager
def dashboard(redis_url: str, folder: Path) -> Iterator[httpx.Client]:
    with listening_socket() as free:
        port = str(free.getsockname()[1])
    command = (str(ROOT / "scripts" / "queue_dashboard.py"), "--redis-url", redis_url)
    with running_program((*command, "--bind", "127.0.0.1", "--port", port), folder) as program:
        program.said("Running on")
        transport = httpx.HTTPTransport(retries=20)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}/0/data/", transport=transport, timeout=30) as client:
            yield client


def test_the_dashboard_shows_queues_messages_and_workers_at_work(sight: Sight, tmp_path: Path) -> None:
    with dashboard(sight.redis_url, tmp_path) as client:

        def get(path: str) -> Any:  # noqa: ANN401
            answer = client.get(path)
            assert answer.status_code == 200, answer.text
            return answer.json()

        def look() -> tuple[Any, ...]:
            waiting, running = (f"jobs/{QUEUE}/{registry}/10/asc/1.json" for registry in ("queued", "started"))
            details = f"job/{message_name(sight.running.id, 1)}.json"
            return tuple(map(get, ("queues.json", "workers.json", waiting, running, details)))

        queues, workers, waiting, running, details = while_at_work(sight, look)

    (queue,) = queues["queues"]
    assert (queue["name"], queue["count"], queue["started_job_registry_count"]) == (QUEUE, 1, 1)
    (worker,) = workers["workers"]
    assert (worker["name"], worker["queues"], worker["state"]) == ("w1", [QUEUE], "busy")
    assert worker["current_job"]["description"] == "index Café plan.pdf (attempt 1)"
    assert [job["id"] for job in waiting["jobs"]] == [message_name(sight.waiting.id, 1)]
    assert [job["id"] for job in running["jobs"]] == [message_name(sight.running.id, 1)]
    assert details["description"] == "index Café plan.pdf (attempt 1)"
    meta = json.loads(details["metadata"])
    assert (meta["document"], meta["filename"], meta["attempt"]) == (sight.document_id, "Café plan.pdf", 1)
