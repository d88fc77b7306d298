"""Many documents in one call, over HTTP on real PostgreSQL."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event, text

from domain.ids import new_uuid7
from infrastructure.postgres.document_reader import PostgresDocumentReader
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from tests.support.api import PUBLIC_URL, Api
from tests.support.hostile_json import ANYTHING, presign_bodies

DOCUMENTS = "/api/v1/documents"
PRESIGN = f"{DOCUMENTS}/upload/presigned/batch"
PROCESS = f"{DOCUMENTS}/process"
JSON = {"Content-Type": "application/json"}
UPLOAD = {"filename": "report.pdf", "size_bytes": 4, "content_type": "application/pdf"}


@pytest.fixture
def api(engine: Engine) -> Api:
    return Api(transactions=lambda: PostgresUnitOfWork(engine), documents=PostgresDocumentReader(engine))


@pytest.fixture
def client(api: Api) -> Iterator[httpx.Client]:
    with api.serve() as client:
        yield client


def announced(client: httpx.Client, count: int) -> list[str]:
    answer = client.post(PRESIGN, json={"documents": [UPLOAD] * count})
    assert answer.status_code == 201, answer.text
    return [item["document_id"] for item in answer.json()["items"]]


def uploaded(api: Api, client: httpx.Client, count: int) -> list[str]:
    document_ids = announced(client, count)
    for document_id in document_ids:
        api.blobs.put(f"documents/{document_id}/original", b"%PDF", "application/pdf")
    return document_ids


def items(answer: httpx.Response, status: int) -> list[dict[str, Any]]:
    assert answer.status_code == status, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def jobs_in(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM jobs")).scalar_one())


def test_announced_together_each_gets_its_upload_in_order(client: httpx.Client) -> None:
    names = ["a.pdf", "b.txt", "c.md"]

    found = items(client.post(PRESIGN, json={"documents": [{"filename": n, "size_bytes": 1} for n in names]}), 201)

    assert [item["status"] for item in found] == ["awaiting_upload"] * 3
    shown = [client.get(f"{DOCUMENTS}/{item['document_id']}").json()["filename"] for item in found]
    assert shown == names
    assert all(item["document_id"] in item["upload"]["url"] for item in found)


def test_a_wrong_description_is_a_problem_in_its_place_and_spoils_no_other(client: httpx.Client) -> None:
    wrong = [{"filename": "a.pdf"}, "text", None, UPLOAD | {"size_bytes": 1001}, UPLOAD | {"chunk_overlap": 200}]

    found = items(client.post(PRESIGN, json={"documents": [UPLOAD, *wrong, UPLOAD]}), 201)

    assert [item["status"] for item in found] == ["awaiting_upload", 422, 422, 422, 413, 422, "awaiting_upload"]
    problems = found[1:-1]
    assert [p["code"] for p in problems] == ["invalid_request"] * 3 + ["too_large", "invalid_request"]
    assert problems[0]["errors"] == [{"pointer": "/size_bytes", "detail": "This field is required."}]
    assert problems[4]["errors"][0]["pointer"] == "/chunk_overlap"
    assert "errors" not in problems[3]
    assert len(client.get(DOCUMENTS).json()["items"]) == 2


@pytest.mark.parametrize("count", [0, 501])
def test_none_and_501_are_too_few_and_too_many(client: httpx.Client, count: int) -> None:
    for answer in (
        client.post(PRESIGN, json={"documents": [UPLOAD] * count}),
        client.post(PROCESS, json={"document_ids": [str(new_uuid7())] * count}),
        client.get(f"{DOCUMENTS}/status", params={"ids": ",".join(str(new_uuid7()) for _ in range(count))}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
        assert len(answer.json()["errors"]) == 1


def test_500_go_from_announcement_to_status_in_three_calls(api: Api, client: httpx.Client) -> None:
    document_ids = uploaded(api, client, 500)

    started = items(client.post(PROCESS, json={"document_ids": document_ids}), 202)
    status = client.get(f"{DOCUMENTS}/status", params={"ids": ",".join(document_ids)})

    assert [item["document_id"] for item in started] == document_ids
    assert len({item["job_id"] for item in started}) == 500
    assert started[0]["status_url"] == f"{PUBLIC_URL}{DOCUMENTS}/{document_ids[0]}/status"
    assert [(item["document_id"], item["status"]) for item in status.json()["items"]] == [
        (document_id, "pending") for document_id in document_ids
    ]
    again = client.get(status.request.url, headers={"If-None-Match": status.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert api.relay_wakes == 1


def test_few_transactions_start_many_documents(api: Api, client: httpx.Client, engine: Engine) -> None:
    document_ids = uploaded(api, client, 200)
    commits: list[object] = []
    event.listen(engine, "commit", commits.append)

    items(client.post(PROCESS, json={"document_ids": document_ids}), 202)

    assert len(commits) == 10


def test_what_cannot_be_processed_is_a_problem_in_its_place(api: Api, client: httpx.Client) -> None:
    good, other = uploaded(api, client, 2)
    [missing] = announced(client, 1)
    [mismatched] = announced(client, 1)
    api.blobs.put(f"documents/{mismatched}/original", b"more than four", "application/pdf")
    unknown = str(new_uuid7())

    asked = [unknown, good, missing, "nonsense", 7, mismatched, None, other]
    found = items(client.post(PROCESS, json={"document_ids": asked}), 202)

    assert [item.get("code", item["status"]) for item in found] == [
        "document_not_found",
        "pending",
        "upload_missing",
        "document_not_found",
        "document_not_found",
        "upload_mismatch",
        "document_not_found",
        "pending",
    ]
    assert all(item["detail"].endswith(".") for item in found if "code" in item)


def test_an_id_that_is_given_twice_is_processed_once(api: Api, client: httpx.Client, engine: Engine) -> None:
    [document_id] = uploaded(api, client, 1)

    first, second = items(client.post(PROCESS, json={"document_ids": [document_id, document_id.upper()]}), 202)

    assert first == second
    assert items(client.post(PROCESS, json={"document_ids": [document_id]}), 202) == [first]
    assert jobs_in(engine) == 1


def test_the_same_batch_many_times_at_once_starts_each_document_once(
    api: Api, client: httpx.Client, engine: Engine
) -> None:
    document_ids = uploaded(api, client, 60)
    together = threading.Barrier(4)

    def process(order: int) -> set[str]:
        together.wait(timeout=10)
        asked = document_ids[::order]
        return {item["job_id"] for item in items(client.post(PROCESS, json={"document_ids": asked}), 202)}

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(process, [1, -1, 1, -1]))

    assert answers[0] == answers[1] == answers[2] == answers[3]
    assert jobs_in(engine) == 60


def test_the_same_external_ids_in_batches_at_once_become_versions_of_the_same_documents(client: httpx.Client) -> None:
    together = threading.Barrier(4)
    described = [UPLOAD | {"external_id": f"id-{number:02}"} for number in range(40)]

    def announce(order: int) -> dict[str, str]:
        together.wait(timeout=10)
        documents = described[::order]
        found = items(client.post(PRESIGN, json={"documents": documents}), 201)
        return {d["external_id"]: item["document_id"] for d, item in zip(documents, found, strict=True)}

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(announce, [1, -1, 1, -1]))

    assert answers[0] == answers[1] == answers[2] == answers[3]
    shown = client.get(DOCUMENTS, params={"limit": 100}).json()["items"]
    assert [(len(shown), item["version"]) for item in shown] == [(40, 4)] * 40


def test_a_store_that_is_away_is_a_problem_of_each_document(api: Api, client: httpx.Client) -> None:
    document_ids = uploaded(api, client, 3)
    api.blobs.is_down = True

    found = items(client.post(PROCESS, json={"document_ids": [*document_ids, str(new_uuid7())]}), 202)

    assert [item["code"] for item in found] == ["storage_unavailable"] * 3 + ["document_not_found"]
    assert [item["status"] for item in found] == [503, 503, 503, 404]


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(documents=st.lists(presign_bodies(), max_size=3) | ANYTHING, document_ids=ANYTHING)
def test_whatever_is_sent_is_answered_or_refused(
    client: httpx.Client,
    documents: Any,  # noqa: ANN401
    document_ids: Any,  # noqa: ANN401
) -> None:
    for url, body in ((PRESIGN, {"documents": documents}), (PROCESS, {"document_ids": document_ids})):
        assert client.post(url, content=json.dumps(body), headers=JSON).status_code in {201, 202, 400, 413, 422}
