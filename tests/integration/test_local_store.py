"""What the local store does beyond the contract: its answers in HTTP, its files, its secret."""

import multiprocessing
import resource
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from application.ports.presigned_request import PresignedRequest
from domain.errors import BlobNotFound, StorageUnavailable
from infrastructure.storage.signed_query import load_or_create_signing_key
from tests.support.blob_store_backends import Backend, eventually_empty, local_backend, raw_connection
from tests.support.unhurried import unhurried

KEY = "documents/1/1"
HTML = "text/html"
CONTENT = bytes(range(256)) * 4
SIZE = len(CONTENT)


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Backend]:
    with local_backend(tmp_path / "a store", stall_seconds=0.5) as backend:
        yield backend


def presigned_put(local: Backend, size_bytes: int = SIZE) -> PresignedRequest:
    return local.store.presign_put(KEY, size_bytes=size_bytes, content_type=HTML, expires_in_seconds=60)


def presigned_get(local: Backend) -> PresignedRequest:
    return local.store.presign_get(KEY, filename="página.html", content_type=HTML, expires_in_seconds=60)


def put(upload: PresignedRequest, content: bytes | Iterator[bytes]) -> httpx.Response:
    return httpx.put(upload.url, content=content, headers=upload.headers)


def get(local: Backend, **headers: str) -> httpx.Response:
    return httpx.get(presigned_get(local).url, headers={name.replace("_", "-"): v for name, v in headers.items()})


def assert_problem(answer: httpx.Response, status: int, code: str) -> None:
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert set(problem) == {"type", "title", "status", "code", "detail"}
    assert (problem["status"], problem["code"]) == (status, code)


def assert_nothing_left(local: Backend) -> None:
    assert local.folder is not None
    eventually_empty(local.folder / "incoming")
    assert list((local.folder / "objects").iterdir()) == []


def request_head(upload: PresignedRequest, *headers: str) -> bytes:
    url = httpx.URL(upload.url)
    lines = [f"PUT {url.raw_path.decode()} HTTP/1.1", f"Host: {url.netloc.decode()}", f"Content-Type: {HTML}", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


def test_each_refusal_has_its_code(local: Backend) -> None:
    upload = presigned_put(local)

    assert_problem(put(upload, CONTENT[1:]), 403, "upload_mismatch")
    assert_problem(httpx.put(upload.url, content=CONTENT), 403, "upload_mismatch")
    assert_problem(httpx.put(upload.url + "0", content=CONTENT, headers=upload.headers), 403, "upload_url_invalid")
    assert_problem(httpx.get(upload.url), 403, "download_url_invalid")
    assert_problem(httpx.delete(upload.url), 405, "method_not_allowed")
    assert_problem(httpx.get(presigned_get(local).url), 404, "blob_not_found")
    download = presigned_get(local)
    local.pass_by(61)
    assert_problem(put(upload, CONTENT), 403, "upload_url_expired")
    assert_problem(httpx.get(download.url), 403, "download_url_expired")
    assert_nothing_left(local)


@pytest.mark.parametrize("path", ["..%2f..%2fetc%2fpasswd", "%2e%2e/secret", "documents/..%2f..", "", "%00"])
def test_a_path_that_leads_elsewhere_is_refused(local: Backend, path: str) -> None:
    root, _, query = presigned_get(local).url.partition(f"{KEY}?")

    assert_problem(httpx.get(f"{root}{path}?{query}"), 403, "download_url_invalid")


def test_a_body_in_chunks_is_counted(local: Backend) -> None:
    upload = presigned_put(local)

    assert_problem(put(upload, iter([CONTENT, b"x"])), 400, "upload_mismatch")
    assert_problem(put(upload, iter([CONTENT[:-1]])), 400, "upload_mismatch")
    assert_nothing_left(local)
    assert put(upload, iter([CONTENT[:7], CONTENT[7:]])).status_code == 200
    assert get(local).content == CONTENT


def test_a_client_that_is_refused_while_it_sends_much_still_reads_why(local: Backend) -> None:
    upload = presigned_put(local)
    with raw_connection(upload.url) as connection:
        connection.sendall(request_head(upload, f"Content-Length: {16 << 20}") + bytes(16 << 20))

        assert connection.recv(12) == b"HTTP/1.1 403"


def test_a_client_that_asks_before_sending_is_refused_before_sending(local: Backend) -> None:
    upload = presigned_put(local)
    with raw_connection(upload.url) as connection:
        connection.sendall(request_head(upload, "Content-Length: 99999999", "Expect: 100-continue"))

        assert connection.recv(12) == b"HTTP/1.1 403"


def test_an_upload_that_stalls_is_ended(local: Backend) -> None:
    upload = presigned_put(local)
    with raw_connection(upload.url) as connection:
        connection.sendall(request_head(upload, f"Content-Length: {SIZE}") + CONTENT[:100])

        assert connection.recv(12) == b"HTTP/1.1 408"
    assert_nothing_left(local)


def test_a_failed_upload_leaves_the_object_before_it(local: Backend) -> None:
    put(presigned_put(local), CONTENT)

    put(presigned_put(local, SIZE + 1), iter([b"short"]))

    assert get(local).content == CONTENT


def test_a_full_disk_is_said_and_nothing_is_left(local: Backend) -> None:
    size_bytes = 8 << 20
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4 << 20, hard))  # as close as a test comes without a disk of its own
    try:
        answer = put(presigned_put(local, size_bytes), bytes(size_bytes))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert_problem(answer, 507, "storage_full")
    assert_nothing_left(local)


def test_a_disk_that_does_not_work_is_unavailable(local: Backend, tmp_path: Path) -> None:
    assert local.folder is not None
    for name in ("objects", "incoming"):
        (local.folder / name).rename(tmp_path / name)
        (local.folder / name).touch()

    for call in (local.store.head, local.store.delete):
        with pytest.raises(StorageUnavailable):
            call(KEY)
    with pytest.raises(StorageUnavailable):
        local.store.download(KEY, tmp_path / "downloaded", etag='"x"', check=unhurried)
    assert_problem(put(presigned_put(local), CONTENT), 503, "storage_unavailable")
    assert_problem(get(local), 503, "storage_unavailable")


@pytest.mark.parametrize("content", [b"", b"foreign", bytes(5000)], ids=["empty", "short", "long"])
def test_a_file_that_the_store_did_not_write_is_no_object(local: Backend, content: bytes) -> None:
    assert local.folder is not None
    (local.folder / "objects" / "foreign").write_bytes(content)

    with pytest.raises(BlobNotFound):
        local.store.head("foreign")


def test_a_download_cannot_run_on_our_origin(local: Backend) -> None:
    etag = local.put(KEY, CONTENT, "application/pdf")

    answer = get(local)

    assert answer.headers["Content-Type"] == HTML
    assert answer.headers["Content-Disposition"].endswith("filename*=UTF-8''p%C3%A1gina.html")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "sandbox"
    assert answer.headers["ETag"] == etag


def test_head_tells_what_get_would_send(local: Backend) -> None:
    local.put(KEY, CONTENT, HTML)

    answer = httpx.head(presigned_get(local).url)

    assert (answer.status_code, answer.content, answer.headers["Content-Length"]) == (200, b"", str(SIZE))


@pytest.mark.parametrize(
    ("asked", "first", "end"),
    [("0-0", 0, 1), ("1000-", 1000, SIZE), ("-24", SIZE - 24, SIZE), ("-9999", 0, SIZE), ("1000-9999", 1000, SIZE)],
)
def test_a_range_gives_those_bytes(local: Backend, asked: str, first: int, end: int) -> None:
    local.put(KEY, CONTENT, HTML)

    answer = get(local, Range=f"bytes={asked}")

    assert answer.status_code == 206
    assert answer.content == CONTENT[first:end]
    assert answer.headers["Content-Range"] == f"bytes {first}-{end - 1}/{SIZE}"


@pytest.mark.parametrize("asked", ["bytes=5-2", "bytes=0-1,4-5", "bytes=-", "lines=1-2", "bytes=\u0661-\u0662"])
def test_a_range_that_is_not_served_gives_the_whole(local: Backend, asked: str) -> None:
    local.put(KEY, CONTENT, HTML)

    answer = httpx.get(presigned_get(local).url, headers={"Range": asked.encode()})

    assert (answer.status_code, answer.content) == (200, CONTENT)


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", "bytes=-0"])
def test_a_range_behind_the_end_is_refused(local: Backend, asked: str) -> None:
    local.put(KEY, CONTENT, HTML)

    answer = get(local, Range=asked)

    assert_problem(answer, 416, "range_not_satisfiable")
    assert answer.headers["Content-Range"] == f"bytes */{SIZE}"


def test_a_range_of_replaced_bytes_gives_the_new_whole(local: Backend) -> None:
    old = local.put(KEY, CONTENT[::-1], HTML)
    new = local.put(KEY, CONTENT, HTML)

    assert get(local, Range="bytes=0-9", If_Range=old).status_code == 200
    assert get(local, Range="bytes=0-9", If_Range=new).status_code == 206


def test_a_download_that_began_before_a_replacement_ends_with_its_own_bytes(local: Backend) -> None:
    old = bytes(8 << 20)
    local.put(KEY, old, HTML)
    with httpx.stream("GET", presigned_get(local).url) as answer:
        local.put(KEY, b"new", HTML)

        assert answer.read() == old
    assert get(local).content == b"new"


def test_the_store_keeps_its_files_to_itself(local: Backend) -> None:
    local.put(KEY, CONTENT, HTML)
    assert local.folder is not None

    folders = [local.folder / "objects", local.folder / "incoming"]
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in folders] == [0o700, 0o700]
    assert {stat.S_IMODE(file.stat().st_mode) for file in folders[0].iterdir()} == {0o600}


def test_processes_that_start_at_once_agree_on_one_signing_key(tmp_path: Path) -> None:
    path = tmp_path / "signing key"
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        keys = pool.map(load_or_create_signing_key, [path] * 64, chunksize=1)

    assert len(set(keys)) == 1
    assert len(keys[0]) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_threads_that_race_for_the_signing_key_agree(tmp_path: Path) -> None:
    start = threading.Barrier(8)
    keys: list[bytes] = []

    def load() -> None:
        start.wait()
        keys.append(load_or_create_signing_key(tmp_path / "key"))

    threads = [threading.Thread(target=load) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(keys)) == 1


def test_a_damaged_signing_key_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"short")

    with pytest.raises(ValueError, match="delete it"):
        load_or_create_signing_key(tmp_path / "key")
