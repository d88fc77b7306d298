import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from domain.document import Document
from domain.ids import JobId
from domain.report import Report, Stage
from tests.support.api import Api

KEYS = {
    "document_id",
    "job_id",
    "status",
    "stage",
    "progress",
    "message",
    "queue_position",
    "version",
    "duplicate_of",
    "eta_seconds",
    "attempt",
    "max_attempts",
    "pages",
    "chunks",
    "stages",
    "warnings",
    "error",
    "created_at",
    "started_at",
    "completed_at",
}


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def client(api: Api) -> Iterator[httpx.Client]:
    with api.serve() as client:
        yield client


def processing(api: Api) -> tuple[Document, JobId]:
    document = api.add_document(content=b"%PDF")
    job = api.add_job(document)
    api.start(job.id)
    return document, job.id


def report(api: Api, job_id: JobId, share: float) -> None:
    now = datetime.now(UTC)
    shown = Report().enter(Stage.EXTRACTING, at=now).advance(share, "Reading page 1 of 2")
    api.work(job_id, lambda action: replace(action, report=shown))


def status(client: httpx.Client, document: Document, *, etag: str | None = None, wait: int | None = None) -> Any:  # noqa: ANN401
    headers = {"If-None-Match": etag} if etag else {}
    parameters = {"wait": wait} if wait else {}
    return client.get(f"/api/v1/documents/{document.id}/status", headers=headers, params=parameters)


def test_every_key_is_always_there(api: Api, client: httpx.Client) -> None:
    moving, _ = processing(api)
    for document in (api.add_document(), moving, api.completed_document((1, "text"))):
        answer = status(client, document)
        assert answer.status_code == 200
        assert answer.json().keys() == KEYS
        assert answer.headers["Cache-Control"] == "private, no-cache"


def test_a_document_without_bytes_waits_for_them(api: Api, client: httpx.Client) -> None:
    answer = status(client, api.add_document())
    body = answer.json()
    assert (body["status"], body["job_id"], body["progress"], body["message"]) == (
        "awaiting_upload",
        None,
        0,
        "Waiting for the upload",
    )
    assert "Retry-After" not in answer.headers


def test_the_place_in_the_queue_is_shown(api: Api, client: httpx.Client) -> None:
    documents = [api.add_document(content=b"%PDF") for _ in range(2)]
    for document in documents:
        api.add_job(document)
    assert [status(client, document).json()["queue_position"] for document in documents] == [1, 2]


def test_retry_after_is_given_while_it_moves(api: Api, client: httpx.Client) -> None:
    document, job_id = processing(api)
    assert status(client, document).headers["Retry-After"] == "2"
    api.complete(job_id)
    assert "Retry-After" not in status(client, document).headers


def test_a_poll_while_the_database_is_away_says_when_to_come_back(api: Api, client: httpx.Client) -> None:
    document, _ = processing(api)
    etag = status(client, document).headers["ETag"]
    api.database.is_down = True
    answer = status(client, document, etag=etag)
    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
    assert answer.headers["Retry-After"] == "5"


def test_the_same_version_is_not_sent_again(api: Api, client: httpx.Client) -> None:
    document, job_id = processing(api)
    etag = status(client, document).headers["ETag"]

    unchanged = status(client, document, etag=etag)
    assert (unchanged.status_code, unchanged.content, unchanged.headers["ETag"]) == (304, b"", etag)
    for known in (f'"other", {etag}', etag.removeprefix("W/"), "*"):
        assert status(client, document, etag=known).status_code == 304

    report(api, job_id, 0.5)
    changed = status(client, document, etag=etag)
    assert (changed.status_code, changed.headers["ETag"] != etag) == (200, True)


def test_a_held_answer_comes_when_something_changes(api: Api, client: httpx.Client) -> None:
    document, job_id = processing(api)
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(status, client, document, wait=20)
        while not api.followers:
            threading.Event().wait(0.01)
        began_at = time.monotonic()
        report(api, job_id, 0.5)
        answer = held.result(timeout=20)
    assert time.monotonic() - began_at < 2
    assert (answer.status_code, answer.json()["progress"]) == (200, 47)


def test_a_held_answer_comes_also_when_the_news_is_lost(api: Api, client: httpx.Client) -> None:
    document, job_id = processing(api)
    api.database.on_commit = lambda _changed: None
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(status, client, document, wait=20)
        while not api.followers:
            threading.Event().wait(0.01)
        began_at = time.monotonic()
        report(api, job_id, 0.5)
        assert held.result(timeout=20).json()["progress"] == 47
    assert time.monotonic() - began_at < 3


def test_an_answer_is_held_until_another_version_than_the_known_one(api: Api, client: httpx.Client) -> None:
    document, job_id = processing(api)
    old = status(client, document).headers["ETag"]
    report(api, job_id, 0.5)
    began_at = time.monotonic()
    assert status(client, document, etag=old, wait=20).json()["progress"] == 47
    assert time.monotonic() - began_at < 2


def test_when_the_time_is_over_the_answer_is_the_same_or_304(api: Api, client: httpx.Client) -> None:
    document, _ = processing(api)
    began_at = time.monotonic()
    answer = status(client, document, wait=1)
    assert time.monotonic() - began_at >= 1
    assert answer.status_code == 200
    assert status(client, document, etag=answer.headers["ETag"], wait=1).status_code == 304


def test_what_is_final_is_answered_at_once(api: Api, client: httpx.Client) -> None:
    document = api.completed_document((1, "text"))
    began_at = time.monotonic()
    answer = status(client, document, wait=20)
    assert (answer.status_code, answer.json()["message"], answer.json()["progress"]) == (200, "All done", 100)
    assert status(client, document, etag=answer.headers["ETag"], wait=20).status_code == 304
    assert time.monotonic() - began_at < 2


def test_an_answer_is_held_until_processing_starts(api: Api, client: httpx.Client) -> None:
    document = api.add_document(content=b"%PDF")
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(status, client, document, etag='W/"0"', wait=20)
        began_at = time.monotonic()
        client.post(f"/api/v1/documents/{document.id}/process")
        assert held.result(timeout=20).json()["status"] == "pending"
    assert time.monotonic() - began_at < 3


def test_a_document_deleted_while_its_answer_is_held_is_not_found(api: Api, client: httpx.Client) -> None:
    document, _ = processing(api)
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(status, client, document, wait=20)
        while not api.followers:
            threading.Event().wait(0.01)
        client.delete(f"/api/v1/documents/{document.id}")
        assert held.result(timeout=20).status_code == 404


def test_many_answers_are_held_at_once(api: Api, client: httpx.Client) -> None:
    document, job_id = processing(api)
    with ThreadPoolExecutor(60) as pool:
        held = [pool.submit(status, client, document, wait=20) for _ in range(60)]
        while api.followers < 60:
            threading.Event().wait(0.01)
        assert client.get("/api/health").status_code == 200
        report(api, job_id, 0.5)
        assert {answer.result(timeout=20).json()["progress"] for answer in held} == {47}


@pytest.mark.parametrize("wait", ["0", "26", "x", "-1"])
def test_waits_are_bounded(api: Api, client: httpx.Client, wait: str) -> None:
    answer = client.get(f"/api/v1/documents/{api.add_document().id}/status?wait={wait}")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/wait")


def test_many_documents_are_asked_for_at_once(api: Api, client: httpx.Client) -> None:
    done, waiting = api.completed_document((1, "text")), api.add_document()
    moving, job_id = processing(api)
    unknown = "0190a3b4-0000-7000-8000-000000000000"
    ids = ",".join(map(str, [waiting.id, unknown, done.id, moving.id, waiting.id]))

    answer = client.get("/api/v1/documents/status", params={"ids": ids})

    items = answer.json()["items"]
    assert [item["document_id"] for item in items] == [str(d.id) for d in (waiting, done, moving)]
    assert all(item.keys() == KEYS for item in items)
    assert answer.headers["Retry-After"] == "2"
    etag = {"If-None-Match": answer.headers["ETag"]}
    assert client.get("/api/v1/documents/status", params={"ids": ids}, headers=etag).status_code == 304
    api.complete(job_id)
    assert client.get("/api/v1/documents/status", params={"ids": ids}, headers=etag).status_code == 200


@pytest.mark.parametrize(
    "ids", ["", ",", "nonsense", ",".join(f"0190a3b4-0000-7000-8000-{n:012}" for n in range(501)), "a" * 30000]
)
def test_a_list_of_ids_is_bounded(client: httpx.Client, ids: str) -> None:
    answer = client.get("/api/v1/documents/status", params={"ids": ids})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/ids")


def test_500_ids_are_taken(client: httpx.Client) -> None:
    ids = ",".join(f"0190a3b4-0000-7000-8000-{n:012}" for n in range(500))
    assert client.get("/api/v1/documents/status", params={"ids": ids}).json() == {"items": []}
