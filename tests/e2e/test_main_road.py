"""The main road, as a client drives it: announce, send, process, follow, read, search, delete."""

import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.e2e.conftest import ORIGIN
from tests.support.esteira_client import EsteiraClient
from tests.support.odd_files import small_docx, small_pdf
from tests.support.program import API, ROOT, running_program
from tests.support.running_stack import RunningStack

pytestmark = pytest.mark.xdist_group("whole stack")

HANDBOOK = ROOT / "samples" / "documents" / "water-quality-monitoring-handbook.pdf"
NOTHING = "00000000-0000-7000-8000-000000000000"
# Some thousand passages, so that there is time to do something while it is worked on.
LONG = "".join(f"Line {n} of the ledger of the {n * 7919 % 104729}th day, kept in good order.\n" for n in range(30_000))


@pytest.fixture(scope="module")
def handbook(client: EsteiraClient) -> str:
    data = HANDBOOK.read_bytes()
    checksum = hashlib.sha256(data).hexdigest()
    status = client.ingest(HANDBOOK.name, data, checksum_sha256=checksum, metadata={"shelf": "main road"})
    assert status["status"] == "completed"
    return str(status["document_id"])


def long_document(client: EsteiraClient) -> str:
    """A document that is being worked on."""
    document_id = client.upload("ledger.txt", LONG.encode())
    client.process(document_id)
    client.follow(document_id, until={"processing"})
    return document_id


def code_of(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert len(problem["detail"]) > 20
    return answer.status_code, problem["code"]


def test_a_document_is_followed_to_its_end_by_waiting(client: EsteiraClient) -> None:
    document_id = client.upload(HANDBOOK.name, HANDBOOK.read_bytes())
    assert client.status(document_id)["status"] == "awaiting_upload"
    started = client.http.post(f"/api/v1/documents/{document_id}/process")
    assert started.status_code == 202
    assert started.headers["Retry-After"] == "2"
    assert started.headers["Location"] == started.json()["status_url"]
    assert started.json()["status_url"] == f"{client.http.base_url}/api/v1/documents/{document_id}/status"
    seen = client.follow(document_id)
    last = seen[-1]
    assert (last["status"], last["progress"], last["attempt"], last["error"]) == ("completed", 100, 1, None)
    assert last["job_id"] == started.json()["job_id"]
    assert last["pages"]["done"] == last["pages"]["total"] > 1
    assert last["chunks"]["done"] == last["chunks"]["total"] == len(client.chunks(document_id))
    assert all(before["progress"] <= after["progress"] for before, after in pairwise(seen))
    assert [stage["name"] for stage in last["stages"]] == ["extracting", "embedding", "storing"]
    assert all(stage["completed_at"] for stage in last["stages"])


def test_a_status_that_has_not_changed_is_not_sent_again(client: EsteiraClient, handbook: str) -> None:
    url = f"/api/v1/documents/{handbook}/status"
    first = client.http.get(url)
    again = client.http.get(url, params={"wait": 25}, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "Retry-After" not in first.headers


def test_passages_text_and_bytes_can_be_read(client: EsteiraClient, handbook: str) -> None:
    text = client.text(handbook)
    chunks = client.chunks(handbook)
    assert [chunk["position"] for chunk in chunks] == list(range(len(chunks)))
    assert all(text[chunk["char_start"] : chunk["char_end"]] == chunk["text"] for chunk in chunks)
    content = client.http.get(f"/api/v1/documents/{handbook}/content")
    assert content.status_code == 307
    download = httpx.get(content.headers["Location"])
    assert download.content == HANDBOOK.read_bytes()
    assert download.headers["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize("mode", ["hybrid", "semantic", "keyword"])
def test_search_finds_the_passage_and_says_where_it_is(client: EsteiraClient, handbook: str, mode: str) -> None:
    chunk = client.chunks(handbook)[2]
    sentence = max(chunk["text"].split(". "), key=len)
    best = client.search(sentence, mode=mode, metadata={"shelf": "main road"})[0]
    assert best["document_id"] == handbook
    assert best["filename"] == HANDBOOK.name
    assert sentence in best["text"]
    assert 0 < best["score"] <= 1
    places = ("page_start", "page_end", "char_start", "char_end", "headings")
    stored = {chunk["chunk_id"]: chunk for chunk in client.chunks(handbook)}[best["chunk_id"]]
    assert [best[place] for place in places] == [stored[place] for place in places]


def test_processing_anew_replaces_and_never_adds(client: EsteiraClient) -> None:
    document_id = client.upload("diary.docx", small_docx(["# March", "The heron came back to the weir at dawn."]))
    results = []
    jobs = []
    for _ in range(3):
        jobs.append(client.process(document_id)["job_id"])
        assert client.follow(document_id)[-1]["status"] == "completed"
        results.append(client.search("heron at the weir", document_ids=[document_id]))
    assert len(set(jobs)) == 3
    assert [len(found) for found in results] == [1, 1, 1]
    assert len(client.chunks(document_id)) == 1
    assert client.text(document_id).count("heron") == 1


def test_asking_many_times_at_once_gives_one_job(client: EsteiraClient) -> None:
    document_id = client.upload("ledger.txt", LONG.encode())
    together = threading.Barrier(8)

    def ask() -> str:
        together.wait(30)
        return str(client.process(document_id)["job_id"])

    with ThreadPoolExecutor(8) as pool:
        jobs = {future.result() for future in [pool.submit(ask) for _ in range(8)]}
    assert jobs == {client.status(document_id)["job_id"]}
    assert client.http.delete(f"/api/v1/documents/{document_id}").json()["deleted"]["jobs_cancelled"] == 1


def test_processing_before_the_upload_is_refused(client: EsteiraClient) -> None:
    document_id = client.announce("later.txt", b"later")["document_id"]
    assert code_of(client.http.post(f"/api/v1/documents/{document_id}/process")) == (409, "upload_missing")
    assert code_of(client.http.get(f"/api/v1/documents/{document_id}/content")) == (409, "upload_missing")
    assert code_of(client.http.post(f"/api/v1/documents/{NOTHING}/process")) == (404, "document_not_found")
    assert client.status(document_id)["status"] == "awaiting_upload"


def test_an_upload_of_another_size_or_type_is_refused_and_may_be_put_right(client: EsteiraClient) -> None:
    data = b"The bytes that were promised."
    announced = client.announce("promise.txt", data)
    url, headers = announced["upload"]["url"], announced["upload"]["headers"]
    wrong_type = headers | {"Content-Type": "application/pdf"}
    assert code_of(httpx.put(url, content=data + b"!", headers=headers)) == (403, "upload_mismatch")
    assert code_of(httpx.put(url, content=data[1:], headers=headers)) == (403, "upload_mismatch")
    assert code_of(httpx.put(url, content=iter([data, b"!"]), headers=headers)) == (400, "upload_mismatch")
    assert code_of(httpx.put(url, content=iter([data[1:]]), headers=headers)) == (400, "upload_mismatch")
    assert code_of(httpx.put(url, content=data, headers=wrong_type)) == (403, "upload_mismatch")
    document_id = announced["document_id"]
    assert code_of(client.http.post(f"/api/v1/documents/{document_id}/process")) == (409, "upload_missing")
    assert httpx.put(url, content=data, headers=headers).status_code == 200
    client.process(document_id)
    assert client.follow(document_id)[-1]["status"] == "completed"


def test_an_altered_upload_url_is_refused(client: EsteiraClient) -> None:
    mine, other = (client.announce(name, b"12345")["upload"] for name in ("mine.txt", "other.txt"))
    url = mine["url"]
    altered = [
        url[:-1] + ("0" if url[-1] != "0" else "1"),
        url.replace("size=5", "size=6"),
        url.replace("expires=", "expires=9"),
        url.replace(urlsplit(url).path, urlsplit(other["url"]).path),
        url.split("?")[0],
    ]
    assert len({url, *altered}) == 6
    for each in altered:
        answer = httpx.put(each, content=b"12345", headers=mine["headers"])
        assert code_of(answer) == (403, "upload_url_invalid")
    assert httpx.get(url).status_code == 403


@pytest.fixture
def hasty_client(whole_stack: RunningStack, tmp_path: Path) -> Iterator[EsteiraClient]:
    """A second API process on the same stack, whose upload URLs live for a second."""
    with (
        running_program(API, whole_stack.data_dir, folder=tmp_path, ESTEIRA_UPLOAD_URL_SECONDS="1") as program,
        httpx.Client(base_url=program.said(r'"url": "([^"]+)".*the API answers').group(1), timeout=60) as http,
    ):
        yield EsteiraClient(http=http)


def test_an_expired_upload_url_is_refused(hasty_client: EsteiraClient) -> None:
    announced = hasty_client.announce("late.txt", b"late")
    # Nothing changes, so the answer comes when the time is over, and so is the URL's.
    hasty_client.http.get(f"/api/v1/documents/{announced['document_id']}/status", params={"wait": 2})
    answer = httpx.put(announced["upload"]["url"], content=b"late", headers=announced["upload"]["headers"])
    assert code_of(answer) == (403, "upload_url_expired")


def test_cancelling_ends_running_work(client: EsteiraClient) -> None:
    document_id = long_document(client)
    cancelled = client.http.post(f"/api/v1/documents/{document_id}/cancel")
    assert cancelled.status_code == 200
    assert cancelled.json()["message"] == "Cancelling"
    assert client.follow(document_id)[-1]["status"] == "cancelled"
    assert code_of(client.http.post(f"/api/v1/documents/{document_id}/cancel")) == (409, "already_final")
    assert client.chunks(document_id) == []
    assert client.search("ledger of the day", document_ids=[document_id]) == []


def test_deleting_gives_a_receipt_and_leaves_nothing_to_find(client: EsteiraClient) -> None:
    data = small_pdf(["The quarry was flooded on purpose.", "Divers found the old crane in it."])
    document_id = client.ingest("quarry.pdf", data)["document_id"]
    assert client.search("flooded quarry with a crane", document_ids=[document_id])
    content_url = client.http.get(f"/api/v1/documents/{document_id}/content").headers["Location"]
    count = len(client.chunks(document_id))
    receipt = client.http.delete(f"/api/v1/documents/{document_id}")
    assert receipt.status_code == 200
    deleted = {"chunks": count, "embeddings": count, "objects": 1, "jobs_cancelled": 0}
    assert receipt.json() == {"document_id": document_id, "deleted": deleted}
    assert client.search("flooded quarry with a crane", document_ids=[document_id]) == []
    assert httpx.get(content_url).status_code == 404
    for method, path in [("GET", ""), ("GET", "/status"), ("GET", "/chunks"), ("GET", "/text"), ("DELETE", "")]:
        answer = client.http.request(method, f"/api/v1/documents/{document_id}{path}")
        assert code_of(answer) == (404, "document_not_found")


def test_deleting_ends_running_work(client: EsteiraClient) -> None:
    document_id = long_document(client)
    receipt = client.http.delete(f"/api/v1/documents/{document_id}").json()["deleted"]
    assert (receipt["jobs_cancelled"], receipt["objects"]) == (1, 1)
    assert client.search("ledger of the day", document_ids=[document_id]) == []
    assert client.ingest("next.txt", b"The next one is worked on.")["status"] == "completed"


def test_a_page_of_another_origin_can_do_it_all(client: EsteiraClient) -> None:
    from_page = {"Origin": ORIGIN}
    data = b"A page of another origin sent this."
    body = {"filename": "page.txt", "size_bytes": len(data)}
    with httpx.Client(base_url=client.http.base_url, headers=from_page) as page:
        announced = page.post("/api/v1/documents/upload/presigned", json=body)
        put = announced.json()["upload"]
        asked = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type"}
        allowed = page.options(put["url"], headers=asked)
        sent = page.put(put["url"], content=data, headers=put["headers"])
        process_url = f"/api/v1/documents/{announced.json()['document_id']}/process"
        started = page.post(process_url)
        status = page.get(started.headers["Location"])
        preflight = page.options(started.headers["Location"], headers={"Access-Control-Request-Method": "DELETE"})
    assert (allowed.status_code, preflight.status_code) == (200, 200)
    assert "PUT" in allowed.headers["Access-Control-Allow-Methods"]
    assert allowed.headers["Access-Control-Allow-Headers"] == "content-type"
    answers = [announced, allowed, sent, started, status, preflight]
    assert {answer.headers["Access-Control-Allow-Origin"] for answer in answers} == {ORIGIN}
    for answer, header in [(sent, "ETag"), (started, "Location"), (started, "Retry-After"), (status, "ETag")]:
        assert answer.headers[header]
        assert header in answer.headers["Access-Control-Expose-Headers"].split(", ")


def test_a_page_of_a_strange_origin_can_do_nothing(client: EsteiraClient) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    refused = client.http.options("/api/v1/documents/upload/presigned", headers=asked)
    assert refused.status_code == 400
    assert "Access-Control-Allow-Origin" not in refused.headers
