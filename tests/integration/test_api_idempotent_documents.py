"""What is announced and processed once, however often a client sends its request: over HTTP, on the real database."""

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, text

from application.use_cases.send_due_actions import SendDueActions
from domain.job import INDEX
from infrastructure.postgres.document_reader import PostgresDocumentReader
from infrastructure.postgres.job_reader import PostgresJobReader
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from infrastructure.queue.redis_queue import RqDoorbell, connect_redis
from tests.support.api import Api

DOCUMENTS = "/api/v1/documents"
PRESIGN = f"{DOCUMENTS}/upload/presigned"
BATCH = f"{PRESIGN}/batch"
PROCESS = f"{DOCUMENTS}/process"
UPLOAD = {"filename": "report.pdf", "size_bytes": 4, "content_type": "application/pdf"}
PARTS = UPLOAD | {"multipart": True}
CLIENTS = 200


@dataclass
class World:
    engine: Engine
    api: Api
    client: httpx.Client

    def post(self, path: str, body: object = None, *, key: str | None = "k") -> httpx.Response:
        return self.client.post(path, json=body, headers={"Idempotency-Key": key} if key else {})

    def made(self, path: str, body: object = None, *, key: str | None = "k") -> Any:  # noqa: ANN401
        answer = self.post(path, body, key=key)
        assert answer.status_code in {201, 202}, answer.text
        return answer.json()

    def uploaded(self) -> str:
        """Return the id of a document whose bytes are there."""
        document_id = self.made(PRESIGN, UPLOAD, key=None)["document_id"]
        self.put(document_id)
        return str(document_id)

    def put(self, document_id: str) -> None:
        self.api.blobs.put(f"documents/{document_id}/original", b"%PDF", "application/pdf")

    def end_jobs(self) -> None:
        self.sql("UPDATE job_actions SET status = 'completed', completed_at = now(), unclean = false")

    def count(self, table: str) -> int:
        return int(self.sql(f"SELECT count(*) FROM {table}")[0])  # noqa: S608 - a name

    def sql(self, statement: str) -> list[Any]:
        with self.engine.begin() as connection:
            found = connection.execute(text(statement))
            return [row[0] for row in found] if found.returns_rows else []


@pytest.fixture
def world(engine: Engine) -> Iterator[World]:
    api = Api(
        transactions=partial(PostgresUnitOfWork, engine),
        documents=PostgresDocumentReader(engine),
        jobs=PostgresJobReader(engine),
    )
    with api.serve() as client:
        yield World(engine, api, client)


def replayed(answer: httpx.Response) -> bool:
    return answer.headers.get("Idempotency-Replayed") == "true"


def all_at_once(world: World, path: str, body: object) -> list[httpx.Response]:
    start = threading.Barrier(CLIENTS)
    limits = httpx.Limits(max_connections=CLIENTS)
    with httpx.Client(base_url=world.client.base_url, timeout=120, limits=limits) as client:

        def send(_number: int) -> httpx.Response:
            start.wait()
            return client.post(path, json=body, headers={"Idempotency-Key": "k"})

        with ThreadPoolExecutor(CLIENTS) as pool:
            return list(pool.map(send, range(CLIENTS)))


@contextmanager
def redis_being_wiped(world: World, redis_url: str) -> Iterator[None]:
    """Send what is due, and wipe Redis, in turns for as long as the context lasts."""
    over = threading.Event()

    def wipe() -> None:
        with connect_redis(redis_url) as redis:
            send = SendDueActions(
                transactions=partial(PostgresUnitOfWork, world.engine),
                doorbell=RqDoorbell(redis),
                action_timeouts={INDEX: 60},
            )
            while not over.wait(0.01):
                send()
                redis.flushall()

    thread = threading.Thread(target=wipe)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


# One document


def test_an_announcement_that_is_sent_again_is_signed_anew_for_the_same_document(world: World) -> None:
    first, again = world.post(PRESIGN, UPLOAD), world.post(PRESIGN, dict(reversed(UPLOAD.items())))
    assert (first.status_code, again.status_code) == (201, 201)
    assert (replayed(first), replayed(again)) == (False, True)
    one, other = first.json(), again.json()
    assert other["document_id"] == one["document_id"]
    assert other["upload"]["expires_at"] > one["upload"]["expires_at"]
    assert world.count("documents") == 1


def test_a_key_of_another_announcement_is_refused(world: World) -> None:
    world.made(PRESIGN, UPLOAD)
    for path, body in ((PRESIGN, UPLOAD | {"size_bytes": 5}), (BATCH, {"documents": [UPLOAD]}), (PRESIGN, PARTS)):
        answer = world.post(path, body)
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert world.count("documents") == 1


def test_an_announcement_that_was_refused_has_used_up_no_key(world: World) -> None:
    assert world.post(PRESIGN, UPLOAD | {"size_bytes": 5000}).status_code == 413
    assert not replayed(world.post(PRESIGN, UPLOAD))


def test_a_new_version_is_announced_once(world: World) -> None:
    versioned = UPLOAD | {"external_id": "x"}
    document_id = world.made(PRESIGN, versioned, key="first")["document_id"]
    second, again = (world.made(PRESIGN, versioned, key="second") for _ in range(2))
    assert {second["document_id"], again["document_id"]} == {document_id}
    assert again["upload"]["url"].partition("?")[0] == second["upload"]["url"].partition("?")[0]
    first_again = world.made(PRESIGN, versioned, key="first")
    assert first_again["upload"]["url"].partition("?")[0] != second["upload"]["url"].partition("?")[0]
    assert world.count("document_versions") == 2


@pytest.mark.parametrize("body", [UPLOAD, PARTS])
def test_for_a_document_that_was_deleted_since_nothing_is_signed(world: World, body: dict[str, object]) -> None:
    document_id = world.made(PRESIGN, body)["document_id"]
    assert world.client.delete(f"{DOCUMENTS}/{document_id}").status_code == 200
    answer = world.post(PRESIGN, body)
    assert (answer.status_code, answer.json()["code"]) == (404, "document_not_found")
    assert "new idempotency key" in answer.json()["detail"]
    assert world.made(PRESIGN, body, key="new")["document_id"] != document_id


@pytest.mark.parametrize("body", [UPLOAD, PARTS])
def test_for_a_version_that_was_given_up_since_nothing_is_signed_also_when_another_came(
    world: World, body: dict[str, object]
) -> None:
    versioned = body | {"external_id": "x"}
    document_id = world.made(PRESIGN, versioned, key="first")["document_id"]
    world.made(PRESIGN, versioned, key="mine")
    assert world.client.delete(f"{DOCUMENTS}/{document_id}/upload").status_code == 200
    world.made(PRESIGN, versioned, key="other")
    answer = world.post(PRESIGN, versioned, key="mine")
    assert (answer.status_code, answer.json()["code"]) == (404, "document_not_found")
    assert "given up since: send it with a new idempotency key" in answer.json()["detail"]
    batch = world.made(BATCH, {"documents": [versioned]}, key="batch")
    assert world.client.delete(f"{DOCUMENTS}/{document_id}/upload").status_code == 200
    world.made(PRESIGN, versioned, key="next")
    assert batch["items"][0]["document_id"] == document_id
    [again] = world.made(BATCH, {"documents": [versioned]}, key="batch")["items"]
    assert again["code"] == "document_not_found"
    assert world.sql("SELECT version FROM document_versions ORDER BY version") == [1, 3, 5]


def test_a_document_that_was_processed_meanwhile_is_signed_all_the_same(world: World) -> None:
    document_id = world.made(PRESIGN, UPLOAD)["document_id"]
    world.put(document_id)
    world.made(f"{DOCUMENTS}/{document_id}/process", key=None)
    world.end_jobs()
    assert world.made(PRESIGN, UPLOAD)["document_id"] == document_id


def test_two_hundred_announcements_at_once_make_one_document_while_redis_is_wiped(world: World, redis_url: str) -> None:
    with redis_being_wiped(world, redis_url):
        answers = all_at_once(world, PRESIGN, UPLOAD)
    assert {answer.status_code for answer in answers} <= {201, 409}
    made = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.json()["document_id"] for answer in made}) == 1
    assert [replayed(answer) for answer in made].count(False) == 1
    assert (world.count("documents"), world.count("document_versions")) == (1, 1)


# In parts


def test_an_upload_in_parts_is_begun_once(world: World) -> None:
    first, again = world.made(PRESIGN, PARTS), world.made(PRESIGN, PARTS)
    assert again == first
    assert (world.count("uploads"), len(world.api.blobs.uploads)) == (1, 1)


def test_an_upload_in_parts_that_was_given_up_is_begun_anew_for_the_same_document(world: World) -> None:
    first = world.made(PRESIGN, PARTS)
    assert world.client.delete(f"{DOCUMENTS}/{first['document_id']}/upload").status_code == 200
    again = world.made(PRESIGN, PARTS)
    assert again["document_id"] == first["document_id"]
    assert again["upload"]["upload_id"] != first["upload"]["upload_id"]


def test_an_upload_in_parts_that_is_complete_says_so_to_who_goes_on(world: World) -> None:
    first = world.made(PRESIGN, PARTS)
    world.sql("UPDATE uploads SET completed_at = now()")
    assert world.made(PRESIGN, PARTS) == first
    answer = world.client.get(f"{DOCUMENTS}/{first['document_id']}/upload/parts/1")
    assert (answer.status_code, answer.json()["code"]) == (409, "upload_completed")


def test_two_hundred_announcements_in_parts_begin_one_upload(world: World) -> None:
    answers = all_at_once(world, PRESIGN, PARTS)
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert (world.count("documents"), world.count("uploads"), len(world.api.blobs.uploads)) == (1, 1, 1)


# Processing


def test_processing_is_started_once_also_when_it_is_over_meanwhile(world: World) -> None:
    path = f"{DOCUMENTS}/{world.uploaded()}/process"
    first = world.post(path)
    world.end_jobs()
    for body in (None, {}, {"password": None}):
        again = world.post(path, body)
        assert (again.status_code, again.content, replayed(again)) == (202, first.content, True)
        assert again.headers["Location"] == first.headers["Location"]
    assert (world.count("jobs"), world.api.relay_wakes, replayed(first)) == (1, 1, False)
    assert world.made(path, key="new")["job_id"] != first.json()["job_id"]


def test_another_password_is_another_request(world: World) -> None:
    path = f"{DOCUMENTS}/{world.uploaded()}/process"
    first = world.made(path, {"password": "one"})
    assert world.made(path, {"password": "one"}) == first
    for body in ({"password": "two"}, None):
        assert world.post(path, body).json()["code"] == "idempotency_key_reused"


def test_processing_that_was_refused_has_used_up_no_key(world: World) -> None:
    document_id = world.made(PRESIGN, UPLOAD, key=None)["document_id"]
    path = f"{DOCUMENTS}/{document_id}/process"
    assert world.post(path).json()["code"] == "upload_missing"
    world.put(document_id)
    assert not replayed(world.post(path))


def test_the_processing_of_a_document_that_was_deleted_since_is_told_as_before(world: World) -> None:
    document_id = world.uploaded()
    path = f"{DOCUMENTS}/{document_id}/process"
    first = world.made(path)
    assert world.client.delete(f"{DOCUMENTS}/{document_id}").status_code == 200
    assert world.made(path) == first
    assert world.post(path, key="new").status_code == 404
    assert world.count("jobs") == 1


def test_two_hundred_requests_at_once_start_one_processing_while_redis_is_wiped(world: World, redis_url: str) -> None:
    path = f"{DOCUMENTS}/{world.uploaded()}/process"
    with redis_being_wiped(world, redis_url):
        answers = all_at_once(world, path, None)
        world.end_jobs()
        answers.append(world.post(path))
    assert Counter(answer.status_code for answer in answers).keys() <= {202, 409}
    assert len({answer.content for answer in answers if answer.status_code == 202}) == 1
    assert (world.count("jobs"), world.count("job_actions"), replayed(answers[-1])) == (1, 1, True)


# Many in one call


def test_a_batch_that_is_sent_again_announces_nothing_twice(world: World) -> None:
    body = {"documents": [UPLOAD, {"filename": ""}, UPLOAD | {"size_bytes": 5000}, PARTS, UPLOAD]}
    first, again = world.post(BATCH, body), world.post(BATCH, body)
    assert (replayed(first), replayed(again)) == (False, True)
    ids = [[item.get("document_id") or item["code"] for item in answer.json()["items"]] for answer in (first, again)]
    assert ids[0] == ids[1]
    assert ids[0][1:3] == ["invalid_request", "too_large"]
    assert (world.count("documents"), world.count("uploads")) == (3, 1)


def test_of_a_batch_what_was_deleted_since_is_a_problem_of_its_own(world: World) -> None:
    body = {"documents": [UPLOAD, UPLOAD]}
    gone, kept = (item["document_id"] for item in world.made(BATCH, body)["items"])
    assert world.client.delete(f"{DOCUMENTS}/{gone}").status_code == 200
    for _ in range(2):
        again = world.made(BATCH, body)["items"]
        assert (again[0]["code"], again[1]["document_id"]) == ("document_not_found", kept)
    assert world.count("documents") == 1


def test_of_a_batch_what_was_refused_is_tried_again_and_the_rest_is_not(world: World) -> None:
    ready = world.uploaded()
    late = world.made(PRESIGN, UPLOAD, key=None)["document_id"]
    body = {"document_ids": [ready, late, "none"]}
    first = world.made(PROCESS, body)["items"]
    assert [item.get("code") for item in first] == [None, "upload_missing", "document_not_found"]
    world.end_jobs()
    world.put(late)

    second, third = world.post(PROCESS, body), world.post(PROCESS, body)
    assert [replayed(second), replayed(third)] == [True, True]
    assert second.json()["items"][0] == first[0]
    assert third.json()["items"] == second.json()["items"]
    assert (world.count("jobs"), world.api.relay_wakes) == (2, 2)


@pytest.mark.parametrize("path", [BATCH, PROCESS])
def test_a_batch_of_another_request_is_refused(world: World, path: str) -> None:
    def body(size: int) -> dict[str, object]:
        if path == BATCH:
            return {"documents": [UPLOAD | {"size_bytes": size}]}
        return {"document_ids": [ready] * size}

    ready = world.uploaded()
    world.made(path, body(1))
    answer = world.post(path, body(2))
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


@pytest.mark.parametrize("path", [BATCH, PROCESS])
def test_batches_at_once_make_each_thing_once(world: World, path: str) -> None:
    ready = [world.uploaded() for _ in range(25)]
    body: dict[str, object] = {"documents": [UPLOAD] * 25} if path == BATCH else {"document_ids": ready}
    answers = all_at_once(world, path, body)
    assert {answer.status_code for answer in answers} <= {201, 202, 409}
    assert world.count("documents") == (50 if path == BATCH else 25)
    assert world.count("jobs") == (0 if path == BATCH else 25)


# Tasks, of those who run Esteira


@pytest.mark.parametrize("path", ["/api/v1/cleanup/s3", "/api/v1/doctor"])
def test_a_task_is_started_once_also_when_it_is_over_meanwhile(world: World, path: str) -> None:
    first = world.post(path)
    world.end_jobs()
    again = world.post(path, {})
    assert (again.status_code, again.content, replayed(again)) == (202, first.content, True)
    assert again.headers["Location"] == first.headers["Location"]
    changed = {"dry_run": True} if "cleanup" in path else {"fix": True}
    assert world.post(path, changed).json()["code"] == "idempotency_key_reused"
    assert world.count("jobs") == 1
