import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.support.api import PUBLIC_URL, Api

UPLOAD = {"filename": "report.pdf", "size_bytes": 4, "content_type": "application/pdf"}


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def client(api: Api) -> Iterator[httpx.Client]:
    with api.serve() as client:
        yield client


def presigned(client: httpx.Client, **changes: object) -> dict[str, Any]:
    answer = client.post("/api/v1/documents/upload/presigned", json=UPLOAD | changes)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def assert_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json"), answer.text
    body: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "code", "detail"} <= body.keys()
    assert (body["status"], body["code"]) == (status, code)
    assert body["detail"].endswith((".", ")"))
    return body


def test_an_announced_document_waits_for_its_bytes(api: Api, client: httpx.Client) -> None:
    body = presigned(client, external_id="x", metadata={"year": 2026}, checksum_sha256="AB" * 32)

    assert body.keys() == {"document_id", "status", "upload"}
    assert body["status"] == "awaiting_upload"
    assert body["upload"].keys() == {"method", "url", "headers", "expires_at"}
    assert (body["upload"]["method"], body["upload"]["headers"]) == ("PUT", {"Content-Type": "application/pdf"})
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", body["upload"]["expires_at"])
    [document] = api.database.documents.values()
    assert (document.id, document.metadata, document.checksum_sha256) == (
        UUID(body["document_id"]),
        {"year": 2026},
        "ab" * 32,
    )


def test_a_name_of_4000_letters_is_taken_and_shortened(client: httpx.Client) -> None:
    body = presigned(client, filename="a" * 4000 + ".pdf")
    name = client.get(f"/api/v1/documents/{body['document_id']}").json()["filename"]
    assert len(name) == 255
    assert name.endswith("a.pdf")


def test_a_name_with_path_parts_and_control_characters_is_cleaned(client: httpx.Client) -> None:
    body = presigned(client, filename="../../etc/\u202epass\x07wd\r\n.txt")
    assert client.get(f"/api/v1/documents/{body['document_id']}").json()["filename"] == "passwd.txt"


def test_a_file_larger_than_the_server_takes_is_refused(client: httpx.Client) -> None:
    answer = client.post("/api/v1/documents/upload/presigned", json=UPLOAD | {"size_bytes": 1001})
    assert "1000" in assert_problem(answer, 413, "too_large")["detail"]


def test_a_rule_of_the_application_names_the_field(client: httpx.Client) -> None:
    answer = client.post("/api/v1/documents/upload/presigned", json=UPLOAD | {"chunk_overlap": 200})
    assert assert_problem(answer, 422, "invalid_request")["errors"][0]["pointer"] == "/chunk_overlap"


def test_a_document_is_processed_once_its_bytes_are_there(api: Api, client: httpx.Client) -> None:
    document = api.add_document(content=b"%PDF")

    answer = client.post(f"/api/v1/documents/{document.id}/process")

    status_url = f"{PUBLIC_URL}/api/v1/documents/{document.id}/status"
    assert answer.status_code == 202
    assert answer.json() == {
        "job_id": str(next(iter(api.database.jobs))),
        "document_id": str(document.id),
        "status": "pending",
        "status_url": status_url,
    }
    assert (answer.headers["Location"], answer.headers["Retry-After"]) == (status_url, "2")
    assert api.relay_wakes == 1


def test_processing_twice_points_to_the_running_job(api: Api, client: httpx.Client) -> None:
    document = api.add_document(content=b"%PDF")
    first = client.post(f"/api/v1/documents/{document.id}/process").json()
    api.start(next(iter(api.database.jobs)))
    assert client.post(f"/api/v1/documents/{document.id}/process").json() == first


def test_processing_after_the_end_starts_anew(api: Api, client: httpx.Client) -> None:
    document = api.completed_document((1, "text"))
    before = client.get(f"/api/v1/documents/{document.id}/status")
    started = client.post(f"/api/v1/documents/{document.id}/process").json()
    after = client.get(f"/api/v1/documents/{document.id}/status")

    assert started["job_id"] != before.json()["job_id"]
    assert after.json()["status"] == "pending"
    assert after.headers["ETag"] != before.headers["ETag"]


def test_no_version_of_a_later_job_is_taken_for_one_of_an_earlier_job(api: Api, client: httpx.Client) -> None:
    document = api.completed_document((1, "text"))
    etag = client.get(f"/api/v1/documents/{document.id}/status").headers["ETag"]
    client.post(f"/api/v1/documents/{document.id}/process")
    job_id = api.database.documents[document.id].job_id
    assert job_id is not None
    api.start(job_id)
    api.complete(job_id)

    answer = client.get(f"/api/v1/documents/{document.id}/status", headers={"If-None-Match": etag})

    assert answer.status_code == 200
    assert answer.json()["job_id"] == str(job_id)


def test_processing_before_the_upload_says_so(api: Api, client: httpx.Client) -> None:
    document = api.add_document()
    assert_problem(client.post(f"/api/v1/documents/{document.id}/process"), 409, "upload_missing")


@pytest.mark.parametrize("promised", [{"size_bytes": 5}, {"content_type": "text/plain"}])
def test_bytes_that_are_not_as_promised_are_refused(api: Api, client: httpx.Client, promised: dict[str, Any]) -> None:
    document = api.add_document(**promised)
    api.blobs.put(document.object_key, b"%PDF", "application/pdf")
    assert_problem(client.post(f"/api/v1/documents/{document.id}/process"), 422, "upload_mismatch")


def test_a_document_is_shown_with_absolute_links(api: Api, client: httpx.Client) -> None:
    created_at = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    document = api.add_document(metadata={"a": 1.5, "b": None}, external_id="x", created_at=created_at)

    body = client.get(f"/api/v1/documents/{document.id}").json()

    url = f"{PUBLIC_URL}/api/v1/documents/{document.id}"
    assert body == {
        "document_id": str(document.id),
        "job_id": None,
        "parent_document_id": None,
        "filename": "report.pdf",
        "content_type": "application/pdf",
        "size_bytes": 4,
        "checksum_sha256": None,
        "external_id": "x",
        "metadata": {"a": 1.5, "b": None},
        "chunk_tokens": 256,
        "chunk_overlap": 32,
        "version": 1,
        "duplicate_of": None,
        "language": None,
        "status": "awaiting_upload",
        "created_at": "2026-01-02T03:04:05.678Z",
        "links": {"self": url}
        | {name: f"{url}/{name}" for name in ("status", "chunks", "text", "content", "pages", "details")},
    }


def test_an_attachment_names_its_parent_which_lists_it(api: Api, client: httpx.Client) -> None:
    parent, other = api.add_document(), api.add_document()
    attached = api.add_document(parent_id=parent.id, attachment_depth=1)

    body = client.get(f"/api/v1/documents/{attached.id}").json()
    assert body["parent_document_id"] == str(parent.id)
    found = client.get("/api/v1/documents", params={"parent_document_id": str(parent.id)}).json()
    assert [item["document_id"] for item in found["items"]] == [str(attached.id)]
    assert client.get("/api/v1/documents", params={"parent_document_id": str(other.id)}).json()["items"] == []


def test_documents_are_listed_newest_first_page_by_page(api: Api, client: httpx.Client) -> None:
    documents = [api.add_document() for _ in range(5)]
    newest_first = sorted((str(document.id) for document in documents), reverse=True)

    listed: list[str] = []
    sizes: list[int] = []
    parameters: dict[str, Any] = {"limit": 2}
    while True:
        body = client.get("/api/v1/documents", params=parameters).json()
        listed += [item["document_id"] for item in body["items"]]
        sizes.append(len(body["items"]))
        if body["next_cursor"] is None:
            break
        parameters["cursor"] = body["next_cursor"]

    assert (listed, sizes) == (newest_first, [2, 2, 1])


def test_a_full_last_page_has_no_next_one(api: Api, client: httpx.Client) -> None:
    api.add_document()
    assert client.get("/api/v1/documents", params={"limit": 1}).json()["next_cursor"] is None


def test_documents_are_listed_by_status_external_id_and_name(api: Api, client: httpx.Client) -> None:
    api.add_document(external_id="x", filename="other.pdf")
    done = api.completed_document((1, "text"))

    for question in ({"status": "completed"}, {"filename": "report.pdf"}):
        items = client.get("/api/v1/documents", params=question).json()["items"]
        assert [item["document_id"] for item in items] == [str(done.id)]
    assert [d["external_id"] for d in client.get("/api/v1/documents?external_id=x").json()["items"]] == ["x"]
    assert client.get("/api/v1/documents?status=failed").json() == {"items": [], "next_cursor": None}


def test_documents_are_listed_by_a_part_of_their_name(api: Api, client: httpx.Client) -> None:
    wanted = api.add_document(filename="Ação 100%_fim.PDF")
    api.add_document(filename="acao 100 fim.pdf")

    for part in ("ação", "100%_F", ".pdf", "Ação 100%_fim.PDF"):
        items = client.get("/api/v1/documents", params={"name_contains": part}).json()["items"]
        assert str(wanted.id) in {item["document_id"] for item in items}
        assert len(items) == (2 if part == ".pdf" else 1)


def test_documents_are_listed_by_several_checksums(api: Api, client: httpx.Client) -> None:
    documents = [api.add_document(checksum_sha256=letter * 64) for letter in "abc"]
    answer = client.get("/api/v1/documents", params={"checksum_sha256": f"{'A' * 64},{'c' * 64},{'d' * 64}"})
    assert {item["document_id"] for item in answer.json()["items"]} == {str(documents[0].id), str(documents[2].id)}


@pytest.mark.parametrize(
    ("question", "pointer"),
    [
        ("checksum_sha256=" + ",".join(["a" * 64] * 101), "/checksum_sha256"),
        ("checksum_sha256=a,b", "/checksum_sha256"),
        ("limit=0", "/limit"),
        ("limit=1001", "/limit"),
        ("limit=x", "/limit"),
        ("cursor=!", "/cursor"),
        ("status=lost", "/status"),
        ("filename=a%00b", "/filename"),
        ("name_contains=a%00b", "/name_contains"),
        ("name_contains=", "/name_contains"),
        ("name_contains=" + "a" * 201, "/name_contains"),
    ],
)
def test_bad_parameters_are_named(client: httpx.Client, question: str, pointer: str) -> None:
    body = assert_problem(client.get(f"/api/v1/documents?{question}"), 422, "invalid_request")
    assert [error["pointer"] for error in body["errors"]] == [pointer]


def test_passages_are_listed_in_order_page_by_page(api: Api, client: httpx.Client) -> None:
    document = api.completed_document((1, "one"), (2, "two three"), (None, "four"))
    url = f"/api/v1/documents/{document.id}/chunks"

    first = client.get(url, params={"limit": 2}).json()
    second = client.get(url, params={"limit": 2, "cursor": first["next_cursor"]}).json()

    assert [chunk["text"] for chunk in first["items"] + second["items"]] == ["one", "two three", "four"]
    assert second["next_cursor"] is None
    assert {key: value for key, value in first["items"][1].items() if key != "chunk_id"} == {
        "position": 1,
        "text": "two three",
        "page_start": 2,
        "page_end": 2,
        "char_start": 4,
        "char_end": 13,
        "token_count": 2,
        "headings": ["Top"],
    }


def test_the_passages_of_one_page_can_be_asked_for(api: Api, client: httpx.Client) -> None:
    document = api.completed_document((1, "one"), (2, "two"), (2, "three"), (None, "four"))
    url = f"/api/v1/documents/{document.id}/chunks"

    first = client.get(url, params={"page": 2, "limit": 1}).json()
    second = client.get(url, params={"page": 2, "limit": 1, "cursor": first["next_cursor"]}).json()

    assert [chunk["text"] for chunk in first["items"] + second["items"]] == ["two", "three"]
    assert client.get(url, params={"page": 3}).json() == {"items": [], "next_cursor": None}
    assert_problem(client.get(url, params={"page": 0}), 422, "invalid_request")


def test_a_cursor_of_another_list_is_refused(api: Api, client: httpx.Client) -> None:
    document = api.completed_document((1, "one"), (2, "two"))
    api.add_document()
    cursor = client.get("/api/v1/documents?limit=1").json()["next_cursor"]
    answer = client.get(f"/api/v1/documents/{document.id}/chunks", params={"cursor": cursor})
    assert_problem(answer, 422, "invalid_request")


def test_text_is_given_whole_and_by_page(api: Api, client: httpx.Client) -> None:
    document = api.completed_document((1, "one"), (2, "\u00e7 \U0001f600"))
    url = f"/api/v1/documents/{document.id}/text"

    assert client.get(url).json() == {
        "document_id": str(document.id),
        "page": None,
        "text": "one\n\u00e7 \U0001f600",
    }
    assert client.get(f"{url}?page=2").json()["text"] == "\u00e7 \U0001f600"
    plain = client.get(url, headers={"Accept": "text/plain"})
    assert (plain.text, plain.headers["Content-Type"], plain.headers["Vary"]) == (
        "one\n\u00e7 \U0001f600",
        "text/plain; charset=utf-8",
        "Accept, Origin",
    )


@pytest.mark.parametrize("page", [3, 2**31 - 1])
def test_a_page_that_is_not_there_is_not_found(api: Api, client: httpx.Client, page: int) -> None:
    document = api.completed_document((1, "one"), (None, "two"))
    assert_problem(client.get(f"/api/v1/documents/{document.id}/text?page={page}"), 404, "page_not_found")


@pytest.mark.parametrize("page", ["0", "-1", "x", "2147483648"])
def test_a_page_that_cannot_be_is_refused(api: Api, client: httpx.Client, page: str) -> None:
    document = api.completed_document((1, "one"))
    assert_problem(client.get(f"/api/v1/documents/{document.id}/text?page={page}"), 422, "invalid_request")


def test_content_leads_to_a_signed_download(api: Api, client: httpx.Client) -> None:
    document = api.add_document(content=b"%PDF")
    answer = client.get(f"/api/v1/documents/{document.id}/content")
    assert (answer.status_code, answer.headers["Location"], answer.headers["Cache-Control"]) == (
        307,
        f"https://objects.invalid/{document.object_key}",
        "no-store",
    )


def test_content_tells_the_signed_download_where_no_redirect_is_wanted(api: Api, client: httpx.Client) -> None:
    document = api.add_document(content=b"%PDF")
    answer = client.get(f"/api/v1/documents/{document.id}/content?redirect=false")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert answer.json().keys() == {"url", "expires_at"}
    assert answer.json()["url"] == f"https://objects.invalid/{document.object_key}"


def test_content_that_was_not_uploaded_is_missing(api: Api, client: httpx.Client) -> None:
    document = api.add_document()
    assert_problem(client.get(f"/api/v1/documents/{document.id}/content"), 409, "upload_missing")


def test_waiting_work_is_cancelled_at_once(api: Api, client: httpx.Client) -> None:
    document = api.add_document(content=b"%PDF")
    api.add_job(document)
    answer = client.post(f"/api/v1/documents/{document.id}/cancel")
    assert (answer.status_code, answer.json()["status"], answer.json()["message"]) == (200, "cancelled", "Cancelled")


def test_running_work_is_asked_to_stop(api: Api, client: httpx.Client) -> None:
    document = api.add_document(content=b"%PDF")
    api.start(api.add_job(document).id)
    answer = client.post(f"/api/v1/documents/{document.id}/cancel")
    assert (answer.status_code, answer.json()["status"], answer.json()["message"]) == (200, "processing", "Cancelling")


def test_there_is_nothing_to_cancel_in_what_has_ended_or_never_began(api: Api, client: httpx.Client) -> None:
    for document in (api.completed_document((1, "text")), api.add_document()):
        assert_problem(client.post(f"/api/v1/documents/{document.id}/cancel"), 409, "already_final")


def test_a_deletion_gives_a_receipt(api: Api, client: httpx.Client) -> None:
    document = api.completed_document((1, "one"), (2, "two"))
    answer = client.delete(f"/api/v1/documents/{document.id}")
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "document_id": str(document.id),
            "deleted": {"chunks": 2, "embeddings": 2, "objects": 1, "jobs_cancelled": 0},
        },
    )
    assert_problem(client.get(f"/api/v1/documents/{document.id}"), 404, "document_not_found")
    assert api.blobs.objects == {}


def test_a_deletion_ends_running_work(api: Api, client: httpx.Client) -> None:
    document = api.add_document(content=b"%PDF")
    job = api.start(api.add_job(document).id)
    assert client.delete(f"/api/v1/documents/{document.id}").json()["deleted"]["jobs_cancelled"] == 1
    assert api.database.jobs[job.id].is_final


@pytest.mark.parametrize("document_id", ["0190a3b4-0000-7000-8000-000000000000", "nonsense", "%00", "a" * 300])
def test_unknown_documents_are_not_found(client: httpx.Client, document_id: str) -> None:
    url = f"/api/v1/documents/{document_id}"
    answers = [client.get(url + path) for path in ("", "/status", "/status?wait=1", "/chunks", "/text", "/content")]
    answers += [client.post(f"{url}/process"), client.post(f"{url}/cancel"), client.delete(url)]
    for answer in answers:
        assert_problem(answer, 404, "document_not_found")


def test_expired_leases_do_not_change_what_is_shown(api: Api, client: httpx.Client) -> None:
    document = api.add_document(content=b"%PDF")
    job = api.add_job(document)
    past = datetime.now(UTC) - timedelta(hours=1)
    api.work(job.id, lambda a: a.claim(worker="w", now=past, lease=timedelta(), timeout=timedelta()))
    assert client.get(f"/api/v1/documents/{document.id}").json()["status"] == "processing"
