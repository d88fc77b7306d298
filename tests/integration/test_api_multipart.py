"""Uploads in parts over HTTP, on real PostgreSQL and the local store, which is served as the API does."""

import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, text

from domain.multipart import MEBIBYTE, USUAL_PART_BYTES, StoredPart
from infrastructure.postgres.document_reader import PostgresDocumentReader
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from infrastructure.storage.local import LocalBlobStore
from infrastructure.storage.local_multipart import LocalMultipartStore
from tests.support.api import PUBLIC_URL, Api
from tests.support.blob_store_backends import Backend, local_backend

DOCUMENTS = "/api/v1/documents"
SIZE = USUAL_PART_BYTES + 1000
CONTENT = bytes(range(256)) * (USUAL_PART_BYTES // 256) + b"x" * 1000
BOUNDS = {1: (0, USUAL_PART_BYTES), 2: (USUAL_PART_BYTES, SIZE)}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Backend]:
    with local_backend(tmp_path / "store") as backend:
        yield backend


@pytest.fixture
def api(engine: Engine, store: Backend) -> Api:
    return Api(
        transactions=lambda: PostgresUnitOfWork(engine),
        documents=PostgresDocumentReader(engine),
        blobs=store.store,
        max_upload_bytes=1 << 50,
    )


@pytest.fixture
def client(api: Api) -> Iterator[httpx.Client]:
    with api.serve() as client:
        yield client


def presigned(client: httpx.Client, **changes: object) -> tuple[str, dict[str, Any]]:
    body = {"filename": "big.bin", "size_bytes": SIZE, "content_type": "application/pdf", "multipart": True} | changes
    answer = client.post(f"{DOCUMENTS}/upload/presigned", json=body)
    assert answer.status_code == 201, answer.text
    return f"{DOCUMENTS}/{answer.json()['document_id']}", answer.json()["upload"]


def sent(client: httpx.Client, document: str, number: int, content: bytes | None = None) -> str:
    part = client.get(f"{document}/upload/parts/{number}").json()
    first, end = BOUNDS[number]
    answer = httpx.put(part["url"], content=CONTENT[first:end] if content is None else content, headers=part["headers"])
    assert answer.status_code == 200, answer.text
    return answer.headers["ETag"]


def sent_whole(client: httpx.Client, document: str) -> list[dict[str, Any]]:
    return [{"part_number": number, "etag": sent(client, document, number)} for number in (1, 2)]


def complete(client: httpx.Client, document: str, parts: object) -> httpx.Response:
    return client.post(f"{document}/upload/complete", json={"parts": parts})


def assert_problem(answer: httpx.Response, status: int, code: str, *words: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert all(word in answer.json()["detail"] for word in words), answer.json()


def expire(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE uploads SET expires_at = now() - interval '1 second'"))


def test_a_file_sent_in_parts_is_put_together_and_processed(client: httpx.Client, store: Backend) -> None:
    document, upload = presigned(client)
    assert upload.keys() == {"method", "upload_id", "part_size", "part_count", "expires_at"}
    assert (upload["method"], upload["part_size"], upload["part_count"]) == ("MULTIPART", USUAL_PART_BYTES, 2)
    assert_problem(client.post(f"{document}/process"), 409, "upload_missing")

    parts = sent_whole(client, document)
    listed = client.get(f"{document}/upload/parts").json()
    assert (listed["upload_id"], listed["next_cursor"]) == (upload["upload_id"], None)
    assert listed["items"] == [
        {"part_number": number, "size_bytes": end - first, "etag": parts[number - 1]["etag"]}
        for number, (first, end) in BOUNDS.items()
    ]
    done = complete(client, document, list(reversed(parts)))
    assert (done.status_code, done.json()["process_url"]) == (200, f"{PUBLIC_URL}{document}/process")
    assert done.json()["size_bytes"] == SIZE

    assert client.post(f"{document}/process").status_code == 202
    content = client.get(f"{document}/content", follow_redirects=False).headers["Location"]
    assert httpx.get(content).content == CONTENT
    assert store.folder is not None
    assert list((store.folder / "parts").iterdir()) == []


def test_etags_are_taken_without_their_quotes(client: httpx.Client) -> None:
    document, _ = presigned(client)
    parts = sent_whole(client, document)
    assert complete(client, document, [p | {"etag": p["etag"].strip('"')} for p in parts]).status_code == 200


def test_after_a_lost_connection_only_what_is_missing_is_sent(client: httpx.Client) -> None:
    document, upload = presigned(client)
    etag = sent(client, document, 2)

    there = client.get(f"{document}/upload/parts", params={"upload_id": upload["upload_id"]}).json()["items"]
    assert [part["part_number"] for part in there] == [2]
    first = sent(client, document, 1)

    parts = [{"part_number": 1, "etag": first}, {"part_number": 2, "etag": etag}]
    assert complete(client, document, parts).status_code == 200


@pytest.mark.parametrize("size", [USUAL_PART_BYTES - 1, USUAL_PART_BYTES + 1, 0])
def test_a_part_of_another_size_is_refused_by_the_store(client: httpx.Client, size: int) -> None:
    document, _ = presigned(client)
    part = client.get(f"{document}/upload/parts/1").json()
    assert_problem(httpx.put(part["url"], content=bytes(size)), 403, "upload_mismatch")
    assert client.get(f"{document}/upload/parts").json()["items"] == []


@pytest.mark.parametrize("number", ["0", "-1", "3", "10001", "x", "1.5", "9" * 30])
def test_a_part_that_cannot_be_is_refused(client: httpx.Client, number: str) -> None:
    document, _ = presigned(client)
    answer = client.get(f"{document}/upload/parts/{number}")
    assert_problem(answer, 422, "invalid_request")
    assert answer.json()["errors"][0]["pointer"] == "/part_number"


def test_each_list_that_does_not_fit_is_told_why(client: httpx.Client) -> None:
    document, _ = presigned(client)
    first, second = sent_whole(client, document)
    wrong = second | {"etag": '"another"'}
    third = {"part_number": 3, "etag": "x"}

    assert_problem(complete(client, document, [first]), 422, "parts_mismatch", "Part 2")
    assert_problem(complete(client, document, [first, wrong]), 422, "parts_mismatch", "Part 2", "ETag")
    assert_problem(complete(client, document, [first, second, third]), 422, "parts_mismatch", "no part 3")
    assert_problem(complete(client, document, [first, first]), 422, "invalid_request", "twice")
    assert_problem(complete(client, document, []), 422, "invalid_request")
    too_many = [{"part_number": n % 10_000 + 1, "etag": "x"} for n in range(10_001)]
    assert_problem(complete(client, document, too_many), 422, "invalid_request")
    assert complete(client, document, [first, second]).status_code == 200


def test_what_has_not_arrived_cannot_be_put_together(client: httpx.Client) -> None:
    document, _ = presigned(client)
    first = {"part_number": 1, "etag": sent(client, document, 1)}
    answer = complete(client, document, [first, {"part_number": 2, "etag": first["etag"]}])
    assert_problem(answer, 422, "parts_mismatch", "Part 2", "not arrived")


def test_what_is_completed_takes_nothing_more(client: httpx.Client) -> None:
    document, _ = presigned(client)
    parts = sent_whole(client, document)
    assert complete(client, document, parts).status_code == 200

    upload = f"{document}/upload"
    for answer in (
        complete(client, document, parts),
        client.get(f"{upload}/parts"),
        client.get(f"{upload}/parts/1"),
        client.delete(upload),
    ):
        assert_problem(answer, 409, "upload_completed")
    assert client.post(f"{document}/process").status_code == 202


def test_a_completion_whose_note_was_lost_is_repeated_in_peace(client: httpx.Client, engine: Engine) -> None:
    document, _ = presigned(client)
    parts = sent_whole(client, document)
    complete(client, document, parts)
    with engine.begin() as connection:
        connection.execute(text("UPDATE uploads SET completed_at = NULL"))

    assert complete(client, document, parts).status_code == 200


def test_completed_many_times_at_once_it_is_one_object(client: httpx.Client, store: Backend) -> None:
    document, _ = presigned(client)
    parts = sent_whole(client, document)
    together = threading.Barrier(4)

    def at_once(_: int) -> int:
        together.wait(timeout=10)
        return complete(client, document, parts).status_code

    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(at_once, range(4)))

    assert set(statuses) <= {200, 409}
    assert 200 in statuses
    key = f"documents/{document.rsplit('/', 1)[1]}/original"
    assert store.store.head(key).size_bytes == SIZE
    assert client.post(f"{document}/process").status_code == 202


def test_an_aborted_upload_is_gone(client: httpx.Client, store: Backend) -> None:
    document, upload = presigned(client)
    part = client.get(f"{document}/upload/parts/1").json()
    sent(client, document, 2)

    answer = client.delete(f"{document}/upload")
    assert (answer.status_code, answer.json()["upload_id"]) == (200, upload["upload_id"])
    for gone in (
        client.delete(f"{document}/upload"),
        client.get(f"{document}/upload/parts"),
        client.get(f"{document}/upload/parts/1"),
        complete(client, document, [{"part_number": 1, "etag": "x"}]),
        httpx.put(part["url"], content=CONTENT[:USUAL_PART_BYTES]),
    ):
        assert_problem(gone, 404, "upload_not_found")
    assert_problem(client.post(f"{document}/process"), 409, "upload_missing")
    assert store.folder is not None
    assert list((store.folder / "parts").iterdir()) == []


class StoreThatIsOvertaken(LocalMultipartStore):
    """Between doing as it is told and saying so, something else happens."""

    meanwhile: Callable[[], object] = bool

    def start(self, key: str, *, content_type: str) -> str:
        store_id = super().start(key, content_type=content_type)
        self.meanwhile()
        return store_id

    def complete(self, key: str, store_id: str, parts: Sequence[StoredPart]) -> None:
        super().complete(key, store_id, parts)
        self.meanwhile()


def overtaken_store(store: Backend) -> StoreThatIsOvertaken:
    assert isinstance(store.store, LocalBlobStore)
    store.store.multipart = StoreThatIsOvertaken(store.store.multipart.files, store.store.multipart._presigned)  # noqa: SLF001
    return store.store.multipart


def test_a_document_deleted_while_its_next_upload_is_opened_leaves_nothing(
    client: httpx.Client, store: Backend
) -> None:
    overtaken = overtaken_store(store)
    document, _ = presigned(client, external_id="x")
    overtaken.meanwhile = lambda: client.delete(document)

    body = {"filename": "b.bin", "size_bytes": SIZE, "multipart": True, "external_id": "x"}
    assert_problem(client.post(f"{DOCUMENTS}/upload/presigned", json=body), 404, "document_not_found")
    assert store.folder is not None
    assert list((store.folder / "parts").iterdir()) == []


def test_a_version_given_up_while_its_upload_is_opened_leaves_nothing(client: httpx.Client, store: Backend) -> None:
    overtaken = overtaken_store(store)
    document, _ = presigned(client, external_id="x", multipart=False, size_bytes=4)
    overtaken.meanwhile = lambda: client.delete(f"{document}/upload")

    body = {"filename": "b.bin", "size_bytes": SIZE, "multipart": True, "external_id": "x"}
    assert_problem(client.post(f"{DOCUMENTS}/upload/presigned", json=body), 404, "document_not_found")
    assert store.folder is not None
    assert list((store.folder / "parts").iterdir()) == []
    assert client.delete(document).status_code == 200


def test_aborted_while_it_is_completed_it_is_gone_for_both(client: httpx.Client, store: Backend) -> None:
    overtaken = overtaken_store(store)
    document, _ = presigned(client)
    parts = sent_whole(client, document)
    aborted: list[httpx.Response] = []
    overtaken.meanwhile = lambda: aborted.append(client.delete(f"{document}/upload"))

    assert_problem(complete(client, document, parts), 404, "upload_not_found")
    assert [answer.status_code for answer in aborted] == [200]
    assert_problem(client.post(f"{document}/process"), 409, "upload_missing")


def test_an_expired_upload_takes_no_parts_and_can_be_aborted(client: httpx.Client, engine: Engine) -> None:
    document, _ = presigned(client)
    parts = sent_whole(client, document)
    expire(engine)

    assert_problem(client.get(f"{document}/upload/parts/1"), 410, "upload_expired")
    assert_problem(client.get(f"{document}/upload/parts"), 410, "upload_expired")
    assert_problem(complete(client, document, parts), 410, "upload_expired")
    assert client.delete(f"{document}/upload").status_code == 200


def test_an_expired_url_of_a_part_is_refused_and_a_new_one_is_good(client: httpx.Client, store: Backend) -> None:
    document, _ = presigned(client)
    part = client.get(f"{document}/upload/parts/2").json()
    store.pass_by(901)
    assert_problem(httpx.put(part["url"], content=CONTENT[USUAL_PART_BYTES:]), 403, "upload_url_expired")
    assert sent(client, document, 2)


def test_of_two_uploads_of_one_document_each_has_its_parts(client: httpx.Client) -> None:
    document, first = presigned(client, external_id="x")
    again, second = presigned(client, external_id="x")
    assert document == again

    def parts_of(upload: dict[str, Any]) -> str:
        return str(client.get(f"{document}/upload/parts/2", params={"upload_id": upload["upload_id"]}).json()["url"])

    assert httpx.put(parts_of(first), content=CONTENT[USUAL_PART_BYTES:]).status_code == 200
    assert client.get(f"{document}/upload/parts", params={"upload_id": second["upload_id"]}).json()["items"] == []
    for stranger in ("nonsense", secrets.token_hex(16)):
        answer = client.get(f"{document}/upload/parts", params={"upload_id": stranger})
        assert_problem(answer, 404, "upload_not_found")


def test_an_aborted_version_leaves_the_one_before(client: httpx.Client) -> None:
    document, _ = presigned(client, external_id="x", filename="first.pdf")
    complete(client, document, sent_whole(client, document))
    presigned(client, external_id="x", filename="second.pdf")
    assert client.get(document).json()["filename"] == "second.pdf"

    assert client.delete(f"{document}/upload").status_code == 200

    assert client.get(document).json()["filename"] == "first.pdf"
    assert client.post(f"{document}/process").status_code == 202


def test_a_version_that_was_announced_and_never_sent_can_be_given_up(client: httpx.Client) -> None:
    document, _ = presigned(client, external_id="x")
    complete(client, document, sent_whole(client, document))
    job = client.post(f"{document}/process").json()["job_id"]
    client.post(f"{document}/cancel")
    presigned(client, external_id="x", multipart=False, size_bytes=4)
    assert_problem(client.post(f"{document}/process"), 409, "upload_missing")

    answer = client.delete(f"{document}/upload")

    assert (answer.status_code, answer.json()["upload_id"]) == (200, None)
    again = client.post(f"{document}/process")
    assert again.status_code == 202
    assert again.json()["job_id"] != job
    assert_problem(client.delete(f"{document}/upload"), 409, "upload_completed")


def test_a_deletion_takes_the_parts_along(client: httpx.Client, store: Backend) -> None:
    document, _ = presigned(client)
    sent(client, document, 1)
    assert client.delete(document).status_code == 200
    assert store.folder is not None
    assert list((store.folder / "parts").iterdir()) == []
    assert_problem(client.get(f"{document}/upload/parts"), 404, "upload_not_found")


def test_a_document_without_parts_has_no_upload(client: httpx.Client) -> None:
    document, upload = presigned(client, multipart=False, size_bytes=4)
    assert upload["method"] == "PUT"
    assert_problem(client.get(f"{document}/upload/parts"), 404, "upload_not_found")
    assert_problem(client.delete(f"{document}/upload"), 404, "upload_not_found")
    assert_problem(client.get(f"{DOCUMENTS}/nonsense/upload/parts"), 404, "document_not_found")


def test_more_than_5_gibibytes_need_parts_of_which_there_are_10_000_at_most(client: httpx.Client) -> None:
    answer = client.post(f"{DOCUMENTS}/upload/presigned", json={"filename": "a", "size_bytes": (5 << 30) + 1})
    assert_problem(answer, 413, "too_large", "multipart")
    for size_bytes in ((5 << 30) + 1, 1 << 40, (1 << 40) + 12345, 5 << 40):
        _, upload = presigned(client, size_bytes=size_bytes)
        assert upload["part_count"] <= 10_000
        assert upload["part_size"] % MEBIBYTE == 0
        assert (upload["part_count"] - 1) * upload["part_size"] < size_bytes
        assert upload["part_count"] * upload["part_size"] >= size_bytes


def test_a_batch_mixes_both_ways(client: httpx.Client) -> None:
    documents = [{"filename": "a", "size_bytes": 1, "multipart": flag} for flag in (True, False)]
    answer = client.post(f"{DOCUMENTS}/upload/presigned/batch", json={"documents": documents})
    assert [item["upload"]["method"] for item in answer.json()["items"]] == ["MULTIPART", "PUT"]
