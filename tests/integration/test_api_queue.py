"""Cancelling, retrying and replaying over HTTP, on the real database with its timeline."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from domain.action import Action
from domain.failure import Failure
from domain.job import Job
from domain.retry_policy import RetryPolicy
from infrastructure.postgres.dead_letter_reader import PostgresDeadLetterReader
from infrastructure.postgres.document_reader import PostgresDocumentReader
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from tests.support.api import PUBLIC_URL, Api
from tests.support.document_factory import a_document, a_job

AWAY = Failure(code="storage_unavailable", message="The store is away.", retryable=True)
CORRUPT = Failure(code="corrupt", message="It is damaged.", retryable=False)
AT_ONCE = RetryPolicy(first_delay_seconds=0)
SPAN = timedelta(minutes=5)


@dataclass
class World:
    engine: Engine
    api: Api
    client: httpx.Client

    def job(self, filename: str = "report.pdf") -> Job:
        document = a_document(filename=filename)
        job = a_job(document)
        with PostgresUnitOfWork(self.engine) as transaction:
            transaction.documents.add(document)
            transaction.jobs.add(job)
            transaction.documents.assign_job(document.id, job.id)
            transaction.commit()
        return job

    def run(self, job: Job, failure: Failure | None = None, *, worker: str = "w1") -> Job:
        """Claim; with a failure, end the run by it."""
        with PostgresUnitOfWork(self.engine) as transaction:
            job, now = transaction.jobs.lock(job.id), transaction.now()

            def claim(action: Action) -> Action:
                return action.claim(worker=worker, now=now, lease=SPAN, timeout=SPAN)

            transaction.jobs.save(job := job.change(job.actions[0].id, claim))
            transaction.commit()
        return self.fail(job, failure) if failure else job

    def fail(self, job: Job, failure: Failure) -> Job:
        with PostgresUnitOfWork(self.engine) as transaction:
            job, now = transaction.jobs.lock(job.id), transaction.now()
            job = job.change(job.actions[0].id, lambda a: a.fail(failure, now=now, policy=AT_ONCE))
            transaction.jobs.save(job)
            transaction.commit()
        return job

    def dead_letters(self, **parameters: object) -> list[Any]:
        answer = self.client.get("/api/v1/queue/dead-letters", params={k: str(v) for k, v in parameters.items()})
        assert answer.status_code == 200
        return list(answer.json()["items"])


@pytest.fixture
def world(engine: Engine) -> Iterator[World]:
    api = Api(
        transactions=lambda: PostgresUnitOfWork(engine),
        documents=PostgresDocumentReader(engine),
        dead_letters=PostgresDeadLetterReader(engine),
    )
    with api.serve() as client:
        yield World(engine=engine, api=api, client=client)


def test_a_dead_letter_tells_its_whole_history(world: World) -> None:
    job = world.job()
    world.run(world.run(job, AWAY, worker="first"), CORRUPT, worker="second")

    (letter,) = world.dead_letters()

    assert (letter["job_id"], letter["filename"], letter["attempt"]) == (str(job.id), "report.pdf", 2)
    assert letter["error"] == {"code": "corrupt", "message": "It is damaged.", "retryable": False}
    told = [(e["status"], e["attempt"], e["worker"], e["error_code"], e["error_message"]) for e in letter["history"]]
    assert told == [
        ("pending", 0, None, None, None),
        ("processing", 1, "first", None, None),
        ("pending", 1, "first", "storage_unavailable", "The store is away."),
        ("processing", 2, "second", None, None),
        ("failed", 2, "second", "corrupt", "It is damaged."),
    ]
    times = [entry["at"] for entry in letter["history"]]
    assert times == sorted(times)


def test_a_failed_job_is_retried_and_its_history_goes_on(world: World) -> None:
    job = world.run(world.job(), CORRUPT)

    answer = world.client.post(f"/api/v1/queue/jobs/{job.id}/retry")

    url = f"{PUBLIC_URL}/api/v1/documents/{job.document_id}/status"
    assert (answer.status_code, answer.headers["Location"], answer.headers["Retry-After"]) == (202, url, "2")
    body = answer.json()
    assert (body["job_id"], body["status"], body["status_url"]) == (str(job.id), "pending", url)
    assert (world.dead_letters(), world.api.relay_wakes) == ([], 1)
    world.run(job, CORRUPT)
    assert [entry["status"] for entry in world.dead_letters()[0]["history"]] == [
        *("pending", "processing", "failed"),
        *("pending", "processing", "failed"),
    ]


def test_what_has_not_failed_is_not_retried(world: World) -> None:
    job = world.job()
    answer = world.client.post(f"/api/v1/queue/jobs/{job.id}/retry")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_failed")


def test_a_job_is_cancelled_once(world: World) -> None:
    job = world.job()
    cancelled = world.client.post(f"/api/v1/queue/jobs/{job.id}/cancel")
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    again = world.client.post(f"/api/v1/queue/jobs/{job.id}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "already_final")


@pytest.mark.parametrize("verb", ["retry", "cancel"])
@pytest.mark.parametrize("job_id", ["0190a3b4-0000-7000-8000-000000000000", "nonsense"])
def test_an_unknown_job_is_not_found(world: World, verb: str, job_id: str) -> None:
    answer = world.client.post(f"/api/v1/queue/jobs/{job_id}/{verb}")
    assert (answer.status_code, answer.json()["code"]) == (404, "job_not_found")


def test_dead_letters_are_replayed_by_cause(world: World) -> None:
    for failure in (CORRUPT, CORRUPT, Failure(code="empty", message="No bytes.", retryable=False)):
        world.run(world.job(), failure)
    replay = "/api/v1/queue/dead-letters/retry"
    assert world.client.post(replay, json={"code": "corrupt"}).json() == {"retried": 2}
    assert [letter["error"]["code"] for letter in world.dead_letters()] == ["empty"]
    answer = world.client.post(replay)
    assert (answer.status_code, answer.json()) == (202, {"retried": 1})
    assert world.client.post(replay, json={"kode": "corrupt"}).status_code == 422


def test_dead_letters_come_in_pages_and_by_code(world: World) -> None:
    jobs = [world.run(world.job(f"{number}.pdf"), CORRUPT) for number in range(3)]
    assert world.dead_letters(code="empty") == []
    first = world.client.get("/api/v1/queue/dead-letters?limit=2").json()
    rest = world.client.get(f"/api/v1/queue/dead-letters?limit=2&cursor={first['next_cursor']}").json()
    names = [letter["filename"] for letter in first["items"] + rest["items"]]
    assert (names, rest["next_cursor"]) == (["2.pdf", "1.pdf", "0.pdf"], None)
    assert len(jobs) == 3
    assert world.client.get("/api/v1/queue/dead-letters?cursor=x").status_code == 422
