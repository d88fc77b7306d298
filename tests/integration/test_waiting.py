"""What those who wait are told: their place, whether anybody serves their queue, and about how long it takes."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, text

from application.ports.worker_registry import WorkerProcess
from application.use_cases.pause_queue import PauseQueue
from application.use_cases.resume_queue import ResumeQueue
from domain.ids import DocumentId
from domain.job import DOCUMENT_QUEUE
from infrastructure.postgres.document_reader import PostgresDocumentReader
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from infrastructure.postgres.worker_registry import PostgresWorkerRegistry
from tests.support.api import Api
from tests.support.document_factory import a_document, a_job
from tests.support.event_streams import opened

STARVED = "Waiting: no worker is running for this queue"
PAUSED = "Waiting: the queue is paused"


def worker(name: str, queue: str = DOCUMENT_QUEUE, *, pid: int = 1) -> WorkerProcess:
    return WorkerProcess(name=name, queue=queue, host="here", pid=pid)


@pytest.fixture
def registry(engine: Engine) -> PostgresWorkerRegistry:
    return PostgresWorkerRegistry(engine)


@pytest.fixture
def client(engine: Engine) -> Iterator[httpx.Client]:
    api = Api(transactions=lambda: PostgresUnitOfWork(engine), documents=PostgresDocumentReader(engine))
    with api.serve() as client:
        yield client


def add_waiting(engine: Engine) -> DocumentId:
    document = a_document()
    job = a_job(document)
    with PostgresUnitOfWork(engine) as transaction:
        transaction.documents.add(document)
        transaction.jobs.add(job)
        transaction.documents.assign_job(document.id, job.id)
        transaction.commit()
    return document.id


def complete(engine: Engine, document_id: DocumentId, *, seconds: float, hours_ago: float = 0) -> None:
    """Let the document have been read, from its first stage on, in so many seconds."""
    stage = json.dumps([["extracting", "2026-01-01T00:00:00+00:00", None]])
    statement = """
        UPDATE job_actions SET status = 'completed', completed_at = now() - :ago * interval '1 hour',
            report = jsonb_set(jsonb_set(report, '{stages}', CAST(:stage AS jsonb)), '{stages,0,1}',
                to_jsonb(to_char((now() - :ago * interval '1 hour' - :seconds * interval '1 second')
                    AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US+00:00')))
        WHERE job_id = (SELECT job_id FROM documents WHERE id = :id)
    """
    with engine.begin() as connection:
        connection.execute(text(statement), {"stage": stage, "seconds": seconds, "ago": hours_ago, "id": document_id})


def status(client: httpx.Client, document_id: DocumentId) -> Any:  # noqa: ANN401
    return client.get(f"/api/v1/documents/{document_id}/status").json()


def test_starved_is_told_apart_from_queued(
    engine: Engine, registry: PostgresWorkerRegistry, client: httpx.Client
) -> None:
    document = add_waiting(engine)
    registry.seen(worker("other", "artifacts"))
    assert status(client, document)["message"] == STARVED
    registry.seen(worker("one"))
    assert status(client, document)["message"] == "Waiting for a worker"


def test_who_asks_for_what_is_new_is_told_of_a_pause_and_of_workers(
    engine: Engine, registry: PostgresWorkerRegistry, client: httpx.Client
) -> None:
    document, other = add_waiting(engine), add_waiting(engine)
    one, many = f"/api/v1/documents/{document}/status", f"/api/v1/documents/status?ids={document},{other}"
    tags: dict[str, str] = {}

    def news(path: str) -> str | None:
        """Return the message if there is a new one."""
        answer = client.get(path, headers={"If-None-Match": tags.get(path, '""')})
        assert client.get(path, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
        tags[path] = answer.headers["ETag"]
        if answer.status_code == 304:
            return None
        body = answer.json()
        return str(body.get("items", [body])[0]["message"])

    def pause(at: str) -> None:
        with engine.begin() as connection:
            statement = f"UPDATE queues SET paused_at = {at} WHERE name = :name"  # noqa: S608 - of this test
            connection.execute(text(statement), {"name": DOCUMENT_QUEUE})

    for happens, message in (
        (lambda: None, STARVED),
        (lambda: registry.seen(worker("one")), "Waiting for a worker"),
        (lambda: pause("now()"), PAUSED),
        (lambda: registry.gone(worker("one")), None),
        (lambda: pause("NULL"), STARVED),
        (lambda: registry.seen(worker("one")), "Waiting for a worker"),
        (lambda: registry.seen(worker("two")), None),
    ):
        happens()
        for path in (one, f"{one}?wait=1", many):
            assert (path, news(path)) == (path, message)


def test_one_who_follows_is_told_of_a_pause_and_of_its_end(
    engine: Engine, registry: PostgresWorkerRegistry, client: httpx.Client
) -> None:
    registry.seen(worker("one"))
    path = f"/api/v1/documents/{add_waiting(engine)}/events"
    with opened(client, path) as stream:
        events = stream.events()
        seen = [next(events)]
        PauseQueue(transactions=lambda: PostgresUnitOfWork(engine))(DOCUMENT_QUEUE)
        seen.append(next(events))
        with (
            opened(client, path, last_event_id=seen[0].id) as late,
            opened(client, path, last_event_id=seen[1].id) as on,
        ):
            seen += [late.next(), on.next()]
            ResumeQueue(transactions=lambda: PostgresUnitOfWork(engine), wake_relay=lambda: None)(DOCUMENT_QUEUE)
            seen += [next(events), on.next()]
    waiting = "Waiting for a worker"
    assert [event.data["message"] for event in seen] == [waiting, PAUSED, PAUSED, PAUSED, waiting, waiting]
    assert len({event.id for event in seen}) == 1


def test_a_worker_that_was_not_seen_lately_or_signed_off_is_no_worker(
    engine: Engine, registry: PostgresWorkerRegistry, client: httpx.Client
) -> None:
    document = add_waiting(engine)
    registry.seen(worker("silent"))
    with engine.begin() as connection:
        connection.execute(text("UPDATE workers SET seen_at = now() - interval '31 seconds'"))
    assert status(client, document)["message"] == STARVED
    registry.seen(worker("silent"))
    assert status(client, document)["message"] != STARVED
    registry.gone(worker("silent"))
    assert status(client, document)["message"] == STARVED


def test_who_signs_off_does_not_sign_off_its_successor(
    engine: Engine, registry: PostgresWorkerRegistry, client: httpx.Client
) -> None:
    document = add_waiting(engine)
    registry.seen(worker("w", pid=1))
    registry.seen(worker("w", pid=2))
    registry.gone(worker("w", pid=1))
    assert status(client, document)["message"] != STARVED


def test_the_estimate_is_of_what_was_measured(
    engine: Engine, registry: PostgresWorkerRegistry, client: httpx.Client
) -> None:
    registry.seen(worker("one"))
    old, first, second, third = (add_waiting(engine) for _ in range(4))
    complete(engine, old, seconds=500, hours_ago=25)
    assert status(client, first)["eta_seconds"] is None, "nothing was completed in the last day"
    for seconds in (10, 20):
        complete(engine, add_waiting(engine), seconds=seconds)
    told = [status(client, document) for document in (first, second, third)]
    assert [(each["queue_position"], each["eta_seconds"]) for each in told] == [(1, 15), (2, 30), (3, 45)]
    registry.seen(worker("two"))
    assert status(client, third)["eta_seconds"] == 30
    registry.gone(worker("one"))
    registry.gone(worker("two"))
    assert status(client, third)["eta_seconds"] is None
