"""The HTTP door on the real database: what it lets in can be stored, found and shown again."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infrastructure.postgres.document_reader import PostgresDocumentReader
from infrastructure.postgres.engine import make_engine
from infrastructure.postgres.migrate import migrate
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from tests.support.api import Api
from tests.support.hostile_json import TEXT, presign_bodies

PRESIGN = "/api/v1/documents/upload/presigned"


@pytest.fixture
def api(database_url: str) -> Iterator[Api]:
    engine = make_engine(database_url, application_name="test")
    migrate(engine)
    yield Api(transactions=lambda: PostgresUnitOfWork(engine), documents=PostgresDocumentReader(engine))
    engine.dispose()


@pytest.fixture
def client(api: Api) -> Iterator[httpx.Client]:
    with api.serve() as client:
        yield client


def test_a_document_from_its_announcement_to_its_deletion(api: Api, client: httpx.Client) -> None:
    metadata = {"a": 2**63 - 1, "b": 1.5, "c": "\u00e7 \U0001f600", "d": None, "e": True}
    announced = {"filename": "r.pdf", "size_bytes": 4, "external_id": "x" * 512, "metadata": metadata}
    document_id = client.post(PRESIGN, json=announced).json()["document_id"]
    url = f"/api/v1/documents/{document_id}"
    shown = client.get(url).json()
    assert {key: shown[key] for key in announced} == announced
    assert client.get(f"{url}/status").json()["status"] == "awaiting_upload"

    api.blobs.put(f"documents/{document_id}/original", b"%PDF", "application/pdf")
    started = client.post(f"{url}/process").json()
    waiting = client.get(f"{url}/status")
    assert (waiting.json()["status"], waiting.json()["job_id"]) == ("pending", started["job_id"])
    assert (waiting.json()["queue_position"], waiting.json()["attempt"]) == (1, 1)
    etag = {"If-None-Match": waiting.headers["ETag"]}
    assert client.get(f"{url}/status", headers=etag).status_code == 304

    assert client.post(f"{url}/cancel").json()["status"] == "cancelled"
    again = client.post(f"{url}/process").json()
    assert again["job_id"] != started["job_id"]
    assert client.get(f"{url}/status", headers=etag).status_code == 200
    listed = client.get("/api/v1/documents", params={"external_id": "x" * 512, "status": "pending"}).json()
    assert [item["document_id"] for item in listed["items"]] == [document_id]

    assert client.get(f"{url}/chunks").json() == {"items": [], "next_cursor": None}
    assert client.get(f"{url}/text").json()["text"] == ""
    assert client.get(f"{url}/text?page={2**31 - 1}").json()["code"] == "page_not_found"
    assert client.delete(url).json()["deleted"]["jobs_cancelled"] == 1
    assert client.get(f"{url}/status").status_code == 404


def _same_numbers(shown: dict[str, Any], sent: dict[str, Any]) -> bool:
    """Compare as JSON does: PostgreSQL keeps 7.5e16 as 75000000000000000, which is the same number."""
    return shown.keys() == sent.keys() and all(
        float(shown[key]) == value if isinstance(value, float) else shown[key] == value for key, value in sent.items()
    )


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=presign_bodies())
def test_whatever_is_let_in_can_be_stored_and_shown(client: httpx.Client, body: Any) -> None:  # noqa: ANN401
    answer = client.post(PRESIGN, content=json.dumps(body), headers={"Content-Type": "application/json"})
    assert answer.status_code in {201, 400, 413, 422}, answer.text
    if answer.status_code == 201:
        shown = client.get(f"/api/v1/documents/{answer.json()['document_id']}")
        assert shown.status_code == 200
        assert _same_numbers(shown.json()["metadata"], body.get("metadata", {}))


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    parameters=st.dictionaries(st.sampled_from(["external_id", "filename", "name_contains", "cursor", "status"]), TEXT)
)
def test_whatever_is_asked_of_the_list_is_answered_or_refused(client: httpx.Client, parameters: dict[str, str]) -> None:
    sendable = {name: value.encode(errors="surrogatepass") for name, value in parameters.items()}
    assert client.get("/api/v1/documents", params=sendable).status_code in {200, 422}
