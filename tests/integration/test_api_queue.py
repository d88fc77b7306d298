"""Cancelling, retrying and replaying over HTTP, on the real database with its timeline."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from domain.failure import Failure
from tests.support.api import PUBLIC_URL
from tests.support.api_world import AWAY, CORRUPT, World, a_world


@pytest.fixture
def world(engine: Engine) -> Iterator[World]:
    with a_world(engine) as world:
        yield world


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
    receipt = world.client.post(replay, json={"code": "corrupt"}).json()
    assert (receipt["retried"], receipt["remaining"]) == (2, 0)
    assert [letter["error"]["code"] for letter in world.dead_letters()] == ["empty"]
    answer = world.client.post(replay)
    assert (answer.status_code, answer.json()["retried"]) == (202, 1)
    again = world.client.post(replay, json={"failed_before": receipt["failed_before"]})
    assert (again.status_code, again.json()["failed_before"]) == (202, receipt["failed_before"])
    for nonsense in ("yesterday", "2026-01-01T00:00:00", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"):
        assert world.client.post(replay, json={"failed_before": nonsense}).status_code == 422
    assert world.client.post(replay, json={"kode": "corrupt"}).status_code == 422


def test_dead_letters_are_counted_by_cause(world: World) -> None:
    empty = Failure(code="empty", message="It has no bytes.", retryable=False)
    for failure in (CORRUPT, empty, CORRUPT):
        world.run(world.job(), failure)
    retried = world.run(world.job(), empty)
    world.post(f"jobs/{retried.id}/retry", expect=202)
    causes = world.get("dead-letters/causes")["causes"]
    assert causes == [{"code": "corrupt", "count": 2}, {"code": "empty", "count": 1}]


def test_dead_letters_come_in_pages_and_by_code(world: World) -> None:
    jobs = [world.run(world.job(f"{number}.pdf"), CORRUPT) for number in range(3)]
    assert world.dead_letters(code="empty") == []
    first = world.client.get("/api/v1/queue/dead-letters?limit=2").json()
    rest = world.client.get(f"/api/v1/queue/dead-letters?limit=2&cursor={first['next_cursor']}").json()
    names = [letter["filename"] for letter in first["items"] + rest["items"]]
    assert (names, rest["next_cursor"]) == (["2.pdf", "1.pdf", "0.pdf"], None)
    assert len(jobs) == 3
    assert world.client.get("/api/v1/queue/dead-letters?cursor=x").status_code == 422
