"""The contract of the port BlobStore, on every adapter and on the fake.

What a client does by presigned URL runs over real HTTP: the local store behind uvicorn, S3 by moto's server and by
Ceph's gateway where that is installed. Moto checks no signatures, so tests that need a store which refuses leave it
out; they run on any other S3 too where ESTEIRA_TEST_S3_ENDPOINT_URL names it, with AWS_ACCESS_KEY_ID and
AWS_SECRET_ACCESS_KEY of somebody who may make and delete buckets there. The fake serves no URLs: it is left out
wherever one is used.
"""

import contextlib
import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from application.ports.presigned_request import PresignedRequest
from domain.cleanup import Amount
from domain.errors import BlobChanged, BlobNotFound, PartsMismatch, RunCancelled, UploadNotFound
from domain.multipart import StoredPart
from tests.support.blob_store_backends import (
    MOTO_CREDENTIALS,
    Backend,
    eventually_empty,
    local_backend,
    memory_backend,
    moto_server,
    raw_connection,
    real_s3_endpoint,
    s3_backend,
)
from tests.support.ceph_gateway import CephGateway
from tests.support.unhurried import unhurried

KEY = "documents/0192f3c4-7e1a-7000-8000-000000000001/1"
PDF = "application/pdf"
CONTENT = b"%PDF-1.7 " + bytes(range(256)) * 20

REAL = ["real-s3"] if real_s3_endpoint() else []
EVERY = ["memory", "local", "moto", "ceph", *REAL]
SERVED = ["local", "moto", "ceph", *REAL]
CHECKING = ["local", "ceph", *REAL]


@pytest.fixture(scope="module")
def moto() -> Iterator[Backend]:
    with moto_server() as url, s3_backend(url, MOTO_CREDENTIALS) as backend:
        yield backend


@pytest.fixture(scope="module")
def ceph(ceph_gateway: CephGateway) -> Iterator[Backend]:
    with s3_backend(ceph_gateway.url, ceph_gateway.credentials) as backend:
        yield backend


@pytest.fixture(scope="module")
def real_s3() -> Iterator[Backend]:
    with s3_backend(real_s3_endpoint(), {}) as backend:
        yield backend


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Backend]:
    with local_backend(tmp_path / "store") as backend:
        yield backend


@pytest.fixture
def memory() -> Backend:
    return memory_backend()


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    found: Backend = request.getfixturevalue(request.param.replace("-", "_"))
    yield found
    found.clear()


def on(names: list[str]) -> pytest.MarkDecorator:
    marks = {"ceph": pytest.mark.xdist_group("ceph")}
    named = [pytest.param(name, marks=marks.get(name, ())) for name in names]
    return pytest.mark.parametrize("backend", named, indirect=True)


def presigned_put(
    backend: Backend, size_bytes: int = len(CONTENT), *, expires_in_seconds: int = 60
) -> PresignedRequest:
    return backend.store.presign_put(
        KEY, size_bytes=size_bytes, content_type=PDF, expires_in_seconds=expires_in_seconds
    )


def presigned_get(backend: Backend, filename: str = "report.pdf") -> PresignedRequest:
    return backend.store.presign_get(KEY, filename=filename, content_type=PDF, expires_in_seconds=60)


def sent(request: PresignedRequest, content: bytes | None = None, **changed: str) -> httpx.Response:
    how = {"method": request.method, "url": request.url, **changed}
    return httpx.request(how["method"], how["url"], content=content, headers=request.headers)


@on(SERVED)
def test_what_a_browser_uploads_by_url_is_what_is_read(backend: Backend, tmp_path: Path) -> None:
    upload = presigned_put(backend)
    assert dict(upload.headers) == {"Content-Type": PDF}

    answer = sent(upload, CONTENT)

    assert answer.status_code == 200
    info = backend.store.head(KEY)
    assert (info.size_bytes, info.content_type, info.etag) == (len(CONTENT), PDF, answer.headers["ETag"])
    target = tmp_path / "downloaded"
    assert backend.store.download(KEY, target, etag=info.etag, check=unhurried) == hashlib.sha256(CONTENT).hexdigest()
    assert target.read_bytes() == CONTENT


@on(EVERY)
@pytest.mark.parametrize("size_bytes", [0, 1, (3 << 20) + 7])
def test_any_size_comes_back_as_it_was(backend: Backend, tmp_path: Path, size_bytes: int) -> None:
    content = bytes(i % 251 for i in range(size_bytes))
    etag = backend.put(KEY, content, PDF)

    digest = backend.store.download(KEY, tmp_path / "downloaded", etag=etag, check=unhurried)

    assert digest == hashlib.sha256(content).hexdigest()
    assert (tmp_path / "downloaded").read_bytes() == content


@on(EVERY)
@pytest.mark.parametrize("size_bytes", [0, 1, (3 << 20) + 7])
def test_a_local_file_is_put_whole_in_place_of_what_is_there(backend: Backend, tmp_path: Path, size_bytes: int) -> None:
    content = bytes(i % 251 for i in range(size_bytes))
    source = tmp_path / "source"
    source.write_bytes(content)
    backend.put(KEY, b"before", "text/plain")

    etag = backend.store.upload(KEY, source, content_type=PDF)

    info = backend.store.head(KEY)
    assert (info.size_bytes, info.content_type, info.etag) == (size_bytes, PDF, etag)
    backend.store.download(KEY, tmp_path / "downloaded", etag=etag, check=unhurried)
    assert (tmp_path / "downloaded").read_bytes() == content


@on(EVERY)
def test_keys_that_begin_alike_are_different_objects(backend: Backend) -> None:
    backend.put("a", b"1", PDF)
    backend.put("a/b", b"22", "text/plain; charset=utf-8")

    assert backend.store.head("a").size_bytes == 1
    assert backend.store.head("a/b").content_type == "text/plain; charset=utf-8"


@on(EVERY)
def test_replaced_bytes_have_another_etag_and_the_old_one_reads_nothing(backend: Backend, tmp_path: Path) -> None:
    old = backend.put(KEY, b"one", PDF)
    new = backend.put(KEY, b"two", PDF)

    assert old != new
    assert backend.store.head(KEY).etag == new
    with pytest.raises(BlobChanged):
        backend.store.download(KEY, tmp_path / "downloaded", etag=old, check=unhurried)


@on(EVERY)
def test_what_the_check_raises_ends_the_download(backend: Backend, tmp_path: Path) -> None:
    etag = backend.put(KEY, CONTENT, PDF)

    def cancelled() -> None:
        raise RunCancelled

    with pytest.raises(RunCancelled):
        backend.store.download(KEY, tmp_path / "downloaded", etag=etag, check=cancelled)


@on(EVERY)
def test_what_is_not_there_is_not_found(backend: Backend, tmp_path: Path) -> None:
    with pytest.raises(BlobNotFound):
        backend.store.head(KEY)
    with pytest.raises(BlobNotFound):
        backend.store.download(KEY, tmp_path / "downloaded", etag='"none"', check=unhurried)


@on(EVERY)
def test_deleting_twice_is_safe_and_tells_if_there_was_something(backend: Backend) -> None:
    backend.put(KEY, CONTENT, PDF)

    assert backend.store.delete(KEY) is True
    assert backend.store.delete(KEY) is False
    with pytest.raises(BlobNotFound):
        backend.store.head(KEY)


@on(["local", "moto"])
@pytest.mark.parametrize(
    "key", ["", "/a", "a/", "a//b", "../a", "a/../b", "a/.", ".hidden", "a b", "é", "a\n", "a" * 201]
)
def test_keys_that_are_not_ours_are_a_programming_error(backend: Backend, key: str) -> None:
    with pytest.raises(ValueError, match="key"):
        backend.store.head(key)
    with pytest.raises(ValueError, match="key"):
        backend.store.presign_put(key, size_bytes=1, content_type=PDF, expires_in_seconds=60)


@on(SERVED)
@pytest.mark.parametrize(
    "filename",
    [
        "relatório final.pdf",
        'a"; filename="evil.exe',
        "a\r\nSet-Cookie: stolen=1\r\n\r\n<script>.pdf",
        "l" * 4000 + ".pdf",
        "😀" * 1000 + ".pdf",
        "../../etc/passwd",
        "C:\\Windows\\system.ini",
        "fdp\u202eexe.pdf",
        "\x00\ud800.pdf",
        "",
        "...",
    ],
    ids=range(11),
)
def test_no_file_name_breaks_out_of_the_download_header(backend: Backend, filename: str) -> None:
    backend.put(KEY, CONTENT, PDF)

    answer = sent(presigned_get(backend, filename))

    assert answer.status_code == 200
    assert answer.content == CONTENT
    assert answer.headers["Content-Type"] == PDF
    assert "Set-Cookie" not in answer.headers
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith('attachment; filename="')
    assert disposition.count('"') == 2
    assert len(disposition) < 1000
    assert disposition.isascii()
    assert disposition.isprintable()


@on(SERVED)
def test_a_download_can_be_resumed_in_the_middle(backend: Backend) -> None:
    backend.put(KEY, CONTENT, PDF)

    answer = httpx.get(presigned_get(backend).url, headers={"Range": "bytes=9-264"})

    assert answer.status_code == 206
    assert answer.content == CONTENT[9:265]
    assert answer.headers["Content-Range"] == f"bytes 9-264/{len(CONTENT)}"


@on(SERVED)
def test_uploads_at_once_leave_one_whole_object(backend: Backend, tmp_path: Path) -> None:
    contents = [bytes([letter]) * (2 << 20) for letter in b"abcd"]
    upload = presigned_put(backend, 2 << 20)
    start = threading.Barrier(len(contents))

    def put(content: bytes) -> None:
        start.wait()
        sent(upload, content)

    threads = [threading.Thread(target=put, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    backend.store.download(KEY, tmp_path / "downloaded", etag=backend.store.head(KEY).etag, check=unhurried)
    assert (tmp_path / "downloaded").read_bytes() in contents


@on(CHECKING)
def test_an_expired_upload_url_is_refused(backend: Backend) -> None:
    upload = presigned_put(backend, expires_in_seconds=1)
    backend.pass_by(3)

    assert sent(upload, CONTENT).status_code == 403
    assert_nothing_stored(backend)


@on(CHECKING)
def test_an_expired_download_url_is_refused(backend: Backend) -> None:
    backend.put(KEY, CONTENT, PDF)
    download = backend.store.presign_get(KEY, filename="a.pdf", content_type=PDF, expires_in_seconds=1)
    backend.pass_by(3)

    assert sent(download).status_code == 403


@on(CHECKING)
@pytest.mark.parametrize("content", [CONTENT[:-1], CONTENT + b"x", b""], ids=["shorter", "longer", "empty"])
def test_a_body_of_another_size_is_refused(backend: Backend, content: bytes) -> None:
    assert sent(presigned_put(backend), content).status_code == 403
    assert_nothing_stored(backend)


@on(CHECKING)
@pytest.mark.parametrize("headers", [{"Content-Type": "text/html"}, {}], ids=["another", "none"])
def test_another_content_type_is_refused(backend: Backend, headers: dict[str, str]) -> None:
    answer = httpx.put(presigned_put(backend).url, content=CONTENT, headers=headers)

    assert answer.status_code == 403
    assert_nothing_stored(backend)


@on(CHECKING)
def test_a_url_altered_in_any_place_is_refused(backend: Backend) -> None:
    upload = presigned_put(backend)
    url = httpx.URL(upload.url)
    altered = [url.copy_with(path=url.path + "x"), url.copy_with(query=None)]
    for name, value in url.params.multi_items():
        altered += [url.copy_set_param(name, value[:-1] + chr(ord(value[-1]) ^ 1)), url.copy_remove_param(name)]

    statuses = {sent(upload, CONTENT, url=str(other)).status_code for other in altered}

    assert statuses <= {400, 403}
    assert_nothing_stored(backend)


@on(CHECKING)
def test_a_url_is_good_for_its_own_method_alone(backend: Backend) -> None:
    backend.put(KEY, CONTENT, PDF)
    upload, download = presigned_put(backend), presigned_get(backend)

    assert sent(upload, method="GET").status_code == 403
    assert httpx.delete(upload.url).status_code in {403, 405}
    assert httpx.put(download.url, content=CONTENT, headers=upload.headers).status_code == 403
    assert backend.store.head(KEY).size_bytes == len(CONTENT)


@on(CHECKING)
def test_a_client_that_goes_away_halfway_leaves_nothing(backend: Backend) -> None:
    upload = presigned_put(backend, 4 << 20)
    url = httpx.URL(upload.url)
    head = f"PUT {url.raw_path.decode()} HTTP/1.1\r\nHost: {url.netloc.decode()}\r\nContent-Type: {PDF}\r\n"
    with raw_connection(upload.url) as connection:
        connection.sendall(head.encode() + f"Content-Length: {4 << 20}\r\n\r\n".encode() + bytes(2 << 20))

    other = backend.put("other", b"x", PDF)  # by now the store has seen the end of the first connection, or soon will

    assert backend.store.head("other").etag == other
    assert_nothing_stored(backend)


PART = bytes(range(256)) * ((5 << 20) // 256)
MULTIPART = pytest.mark.parametrize("order", [(1, 2), (2, 1)], ids=["in order", "the last first"])


@on(EVERY)
@MULTIPART
def test_parts_become_one_object_whatever_their_order(backend: Backend, tmp_path: Path, order: tuple[int, int]) -> None:
    contents = {1: PART, 2: CONTENT}
    store_id = backend.store.multipart.start(KEY, content_type=PDF)
    etags = {number: backend.put_part(KEY, store_id, number, contents[number]) for number in order}

    parts = backend.store.multipart.parts(KEY, store_id)
    assert [(part.number, part.size_bytes, part.etag) for part in parts] == [
        (1, len(PART), etags[1]),
        (2, len(CONTENT), etags[2]),
    ]
    with pytest.raises(BlobNotFound):
        backend.store.head(KEY)
    backend.store.multipart.complete(KEY, store_id, parts)

    info = backend.store.head(KEY)
    assert (info.size_bytes, info.content_type) == (len(PART) + len(CONTENT), PDF)
    digest = backend.store.download(KEY, tmp_path / "downloaded", etag=info.etag, check=unhurried)
    assert digest == hashlib.sha256(PART + CONTENT).hexdigest()
    with pytest.raises(UploadNotFound):
        backend.store.multipart.parts(KEY, store_id)
    with contextlib.suppress(UploadNotFound):
        backend.store.multipart.complete(KEY, store_id, parts)
    assert backend.store.head(KEY) == info
    assert backend.store.multipart.abort(KEY, store_id) is False


@on(EVERY)
@pytest.mark.parametrize("content", [b"", b"x", CONTENT], ids=len)
def test_a_single_part_may_be_small_or_empty(backend: Backend, content: bytes) -> None:
    store_id = backend.store.multipart.start(KEY, content_type=PDF)
    backend.put_part(KEY, store_id, 1, content)
    backend.store.multipart.complete(KEY, store_id, backend.store.multipart.parts(KEY, store_id))
    assert backend.store.head(KEY).size_bytes == len(content)


@on(EVERY)
def test_a_part_that_is_not_the_last_has_5_mebibytes(backend: Backend) -> None:
    store_id = backend.store.multipart.start(KEY, content_type=PDF)
    for number in (1, 2):
        backend.put_part(KEY, store_id, number, CONTENT)
    with pytest.raises(PartsMismatch):
        backend.store.multipart.complete(KEY, store_id, backend.store.multipart.parts(KEY, store_id))
    assert len(backend.store.multipart.parts(KEY, store_id)) == 2
    assert_nothing_stored(backend)


@on(EVERY)
def test_a_part_sent_again_replaces_the_first_and_a_list_from_before_does_not_fit(backend: Backend) -> None:
    store_id = backend.store.multipart.start(KEY, content_type=PDF)
    backend.put_part(KEY, store_id, 1, b"one")
    before = backend.store.multipart.parts(KEY, store_id)
    backend.put_part(KEY, store_id, 1, b"two")

    with pytest.raises(PartsMismatch):
        backend.store.multipart.complete(KEY, store_id, before)
    assert_nothing_stored(backend)
    backend.store.multipart.complete(KEY, store_id, backend.store.multipart.parts(KEY, store_id))
    assert backend.store.head(KEY).size_bytes == 3


@on(EVERY)
def test_a_part_that_never_came_cannot_be_put_together(backend: Backend) -> None:
    store_id = backend.store.multipart.start(KEY, content_type=PDF)
    etag = backend.put_part(KEY, store_id, 1, PART)
    invented = [StoredPart(number=number, size_bytes=len(PART), etag=etag) for number in (1, 2)]
    with pytest.raises(PartsMismatch):
        backend.store.multipart.complete(KEY, store_id, invented)
    assert_nothing_stored(backend)


@on(EVERY)
def test_an_aborted_upload_is_gone_with_its_parts(backend: Backend) -> None:
    store_id = backend.store.multipart.start(KEY, content_type=PDF)
    backend.put_part(KEY, store_id, 1, CONTENT)

    assert backend.store.multipart.abort(KEY, store_id) is True
    assert backend.store.multipart.abort(KEY, store_id) is False
    with pytest.raises(UploadNotFound):
        backend.store.multipart.parts(KEY, store_id)
    assert_nothing_stored(backend)
    if backend.folder:
        assert list((backend.folder / "parts").iterdir()) == []


@on(EVERY)
def test_uploads_to_one_key_know_nothing_of_each_other(backend: Backend) -> None:
    one, other = (backend.store.multipart.start(KEY, content_type=PDF) for _ in range(2))
    backend.put_part(KEY, one, 1, b"one")
    backend.put_part(KEY, other, 1, b"other")
    backend.store.multipart.abort(KEY, other)
    backend.store.multipart.complete(KEY, one, backend.store.multipart.parts(KEY, one))
    assert backend.store.head(KEY).size_bytes == 3


@on(["memory", "local"])
def test_an_upload_is_for_its_own_key_alone(backend: Backend) -> None:
    store_id = backend.store.multipart.start(KEY, content_type=PDF)
    for stranger in ("nonsense", "../objects", "0" * 32):
        with pytest.raises(UploadNotFound):
            backend.store.multipart.parts(KEY, stranger)
    with pytest.raises(UploadNotFound):
        backend.store.multipart.parts("another", store_id)


@on(["local"])
def test_put_together_many_times_at_once_it_is_made_once(backend: Backend) -> None:
    store_id = backend.store.multipart.start(KEY, content_type=PDF)
    backend.put_part(KEY, store_id, 1, PART)
    parts = backend.store.multipart.parts(KEY, store_id)
    start = threading.Barrier(4)
    made: list[str] = []

    def complete() -> None:
        start.wait()
        with contextlib.suppress(UploadNotFound):
            backend.store.multipart.complete(KEY, store_id, parts)
            made.append(backend.store.head(KEY).etag)

    threads = [threading.Thread(target=complete) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [backend.store.head(KEY).etag]


@on(CHECKING)
def test_a_part_of_another_size_number_or_upload_is_refused(backend: Backend) -> None:
    store_id = backend.store.multipart.start(KEY, content_type=PDF)
    other = backend.store.multipart.start(KEY, content_type=PDF)
    part = backend.store.multipart.presign_part(KEY, store_id, 2, size_bytes=4, expires_in_seconds=60)
    url = httpx.URL(part.url)

    statuses = {httpx.put(part.url, content=content).status_code for content in (b"abc", b"abcde", b"")}
    for old, new in ((store_id, other), ("part=2", "part=1"), ("partNumber=2", "partNumber=1")):
        if old in part.url:
            statuses.add(httpx.put(part.url.replace(old, new), content=b"abcd").status_code)
    statuses.add(httpx.put(url.copy_with(path=f"{url.path}x"), content=b"abcd").status_code)

    assert statuses <= {400, 403, 411}
    assert backend.store.multipart.parts(KEY, store_id) == []
    assert httpx.put(part.url, content=b"abcd").status_code == 200


@on(CHECKING)
def test_a_part_cannot_be_sent_to_what_is_completed_aborted_or_expired(backend: Backend) -> None:
    store_id = backend.store.multipart.start(KEY, content_type=PDF)
    part = backend.store.multipart.presign_part(KEY, store_id, 1, size_bytes=4, expires_in_seconds=60)
    assert httpx.put(part.url, content=b"abcd").status_code == 200
    backend.store.multipart.complete(KEY, store_id, backend.store.multipart.parts(KEY, store_id))

    assert httpx.put(part.url, content=b"efgh").status_code == 404

    aborted = backend.store.multipart.start(KEY, content_type=PDF)
    late = backend.store.multipart.presign_part(KEY, aborted, 1, size_bytes=4, expires_in_seconds=60)
    backend.store.multipart.abort(KEY, aborted)
    assert httpx.put(late.url, content=b"efgh").status_code == 404
    soon = backend.store.multipart.presign_part(KEY, aborted, 1, size_bytes=4, expires_in_seconds=1)
    backend.pass_by(3)
    assert httpx.put(soon.url, content=b"efgh").status_code == 403


@on(CHECKING)
def test_a_part_that_broke_off_is_not_there_and_the_upload_goes_on(backend: Backend, tmp_path: Path) -> None:
    store_id = backend.store.multipart.start(KEY, content_type=PDF)
    first = backend.put_part(KEY, store_id, 1, PART)
    part = backend.store.multipart.presign_part(KEY, store_id, 2, size_bytes=len(PART), expires_in_seconds=60)
    url = httpx.URL(part.url)
    head = f"PUT {url.raw_path.decode()} HTTP/1.1\r\nHost: {url.netloc.decode()}\r\nContent-Length: {len(PART)}\r\n\r\n"
    with raw_connection(part.url) as connection:
        connection.sendall(head.encode() + PART[: len(PART) // 2])

    backend.put("other", b"x", PDF)  # by now the store has seen the end of the first connection, or soon will
    assert [(found.number, found.etag) for found in backend.store.multipart.parts(KEY, store_id)] == [(1, first)]
    assert_nothing_stored(backend)

    backend.put_part(KEY, store_id, 2, PART)
    backend.store.multipart.complete(KEY, store_id, backend.store.multipart.parts(KEY, store_id))
    etag = backend.store.head(KEY).etag
    digest = backend.store.download(KEY, tmp_path / "downloaded", etag=etag, check=unhurried)
    assert digest == hashlib.sha256(PART + PART).hexdigest()


def assert_nothing_stored(backend: Backend) -> None:
    with pytest.raises(BlobNotFound):
        backend.store.head(KEY)
    if backend.folder:
        eventually_empty(backend.folder / "incoming")


THOUSANDS = 2100


@on(EVERY)
def test_thousands_of_objects_are_listed_once_each(backend: Backend, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(CONTENT)
    keys = [f"documents/{number}/original" for number in range(THOUSANDS)]

    def upload(key: str) -> None:
        backend.store.upload(key, source, content_type=PDF)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(upload, [*keys, "other/1"]))

    pages = list(backend.store.inventory.objects("documents/"))
    found = [each for page in pages for each in page]
    assert sorted(each.key for each in found) == sorted(keys)
    assert {each.size_bytes for each in found} == {len(CONTENT)}
    assert max(map(len, pages)) <= 1000
    now = datetime.now(UTC)
    assert all(now - timedelta(minutes=5) < each.modified_at < now + timedelta(seconds=5) for each in found)


@on(EVERY)
def test_uploads_in_parts_are_listed_until_they_are_completed_or_aborted(backend: Backend) -> None:
    multipart = backend.store.multipart
    open_ones = {multipart.start(key, content_type=PDF) for key in (KEY, KEY, "documents/2/original")}
    multipart.start("other/1", content_type=PDF)
    completed, aborted = (multipart.start(KEY, content_type=PDF) for _ in range(2))
    backend.put_part(KEY, completed, 1, CONTENT)
    multipart.complete(KEY, completed, multipart.parts(KEY, completed))
    multipart.abort(KEY, aborted)

    found = [each for page in backend.store.inventory.unfinished_uploads("documents/") for each in page]

    assert {each.store_id for each in found} == open_ones
    assert {each.key for each in found} == {KEY, "documents/2/original"}
    now = datetime.now(UTC)
    moto_says = datetime(2010, 11, 10, 20, 48, 33, tzinfo=UTC)  # of every upload
    started = {each.started_at for each in found} - {moto_says}
    assert all(now - timedelta(minutes=5) < at < now + timedelta(seconds=5) for at in started)
    listed = [each.key for page in backend.store.inventory.objects("documents/") for each in page]
    assert listed == [KEY]


@on(EVERY)
def test_an_empty_store_has_nothing_to_list(backend: Backend) -> None:
    inventory = backend.store.inventory
    assert [each for page in inventory.objects("documents/") for each in page] == []
    assert [each for page in inventory.unfinished_uploads("documents/") for each in page] == []
    assert inventory.drop_scraps(before=datetime.now(UTC), dry_run=False) == Amount()


@on(["local"])
def test_what_a_killed_process_left_half_written_is_dropped_once_it_is_old(backend: Backend) -> None:
    assert backend.folder
    parts = backend.folder / "parts"
    kept = backend.store.multipart.start(KEY, content_type=PDF)
    for place in (backend.folder / "incoming" / "tmp1", parts / ("a" * 32) / "1", parts / f"gone-{'b' * 32}" / "1"):
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(CONTENT)
    drop = backend.store.inventory.drop_scraps
    later = datetime.now(UTC) + timedelta(seconds=5)

    assert drop(before=datetime.now(UTC) - timedelta(minutes=1), dry_run=False) == Amount()
    counted = drop(before=later, dry_run=True)
    assert (counted.count, counted.size_bytes >= 3 * len(CONTENT)) == (3, True)
    assert drop(before=later, dry_run=False) == counted
    assert drop(before=later, dry_run=False) == Amount()
    assert backend.store.multipart.parts(KEY, kept) == []
