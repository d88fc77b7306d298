"""What the S3 adapter makes of stores that are dead, broken or wrongly set up."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.errors import BlobNotFound, StorageUnavailable
from infrastructure.storage.s3 import S3BlobStore
from tests.support.blob_store_backends import moto_server
from tests.support.http_server import listening_socket, running_uvicorn, url_of
from tests.support.unhurried import unhurried

KEY = "documents/1/1"


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "public-part")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-part")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nonexistent")


def store_at(
    url: str | None, *, public: str | None = None, bucket: str = "bucket", read_timeout_seconds: float = 5
) -> S3BlobStore:
    return S3BlobStore(
        bucket=bucket, endpoint_url=url, public_endpoint_url=public, read_timeout_seconds=read_timeout_seconds
    )


@contextmanager
def answering(status: int, body: str = "") -> Iterator[str]:
    """Serve one answer to everything."""

    async def answer(_request: Request) -> Response:
        return Response(body, status_code=status, media_type="application/xml")

    with running_uvicorn(Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "HEAD", "DELETE"])])) as url:
        yield url


@contextmanager
def half_answering(*, stalls: bool) -> Iterator[str]:
    """Promise more bytes than are sent, then hang up, or hold on in silence until the test is over."""
    over = threading.Event()

    def answer(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b'HTTP/1.1 200 OK\r\nETag: "x"\r\nContent-Length: 9999999\r\n\r\n' + bytes(3 << 20))
            if stalls:
                over.wait(10)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answer, args=(server,))
        thread.start()
        try:
            yield url_of(server)
        finally:
            over.set()
            thread.join()


def error(code: str) -> str:
    return f"<Error><Code>{code}</Code><Message>secret inner words</Message></Error>"


def assert_all_unavailable(store: S3BlobStore, target: Path, *, within_seconds: float) -> list[str]:
    details = []
    for call in (
        lambda: store.head(KEY),
        lambda: store.delete(KEY),
        lambda: store.download(KEY, target, etag='"x"', check=unhurried),
    ):
        began = time.monotonic()
        with pytest.raises(StorageUnavailable) as caught:
            call()
        assert time.monotonic() - began < within_seconds
        details.append(caught.value.detail)
    return details


def test_a_store_that_is_not_there_is_unavailable_in_seconds(tmp_path: Path) -> None:
    with listening_socket() as bound_but_not_listening:
        assert_all_unavailable(store_at(url_of(bound_but_not_listening)), tmp_path / "t", within_seconds=5)


def test_a_store_that_never_answers_is_unavailable_in_seconds(tmp_path: Path) -> None:
    with listening_socket() as silent:
        silent.listen(16)
        store = store_at(url_of(silent), read_timeout_seconds=0.5)

        assert_all_unavailable(store, tmp_path / "t", within_seconds=5)


def test_a_name_that_does_not_resolve_is_unavailable(tmp_path: Path) -> None:
    assert_all_unavailable(store_at("http://store.invalid"), tmp_path / "t", within_seconds=15)


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_a_store_with_a_fault_of_its_own_is_unavailable(tmp_path: Path, status: int) -> None:
    with answering(status, error("SlowDown")) as url:
        assert_all_unavailable(store_at(url), tmp_path / "t", within_seconds=10)


def test_an_answer_that_is_not_s3_is_unavailable(tmp_path: Path) -> None:
    with answering(502, "<html>Bad Gateway") as url:
        assert_all_unavailable(store_at(url), tmp_path / "t", within_seconds=10)


@pytest.mark.parametrize("stalls", [False, True], ids=["breaks off", "stalls"])
def test_a_download_that_does_not_end_is_unavailable(tmp_path: Path, stalls: bool) -> None:
    with half_answering(stalls=stalls) as url, pytest.raises(StorageUnavailable):
        store_at(url, read_timeout_seconds=0.5).download(KEY, tmp_path / "t", etag='"x"', check=unhurried)


@pytest.mark.parametrize("status", [301, 400, 401, 403])
def test_a_refusal_tells_the_operator_what_to_check_and_no_secret(tmp_path: Path, status: int) -> None:
    with answering(status, error("AccessDenied")) as url:
        details = assert_all_unavailable(store_at(url), tmp_path / "t", within_seconds=5)

    assert all("credentials" in detail for detail in details)
    assert "(AccessDenied)" in details[2]
    assert not any(word in detail for detail in details for word in ("secret", "public-part", "127.0.0.1", "inner"))


def test_a_missing_bucket_is_told_from_a_missing_object(tmp_path: Path) -> None:
    with moto_server() as url:
        store = store_at(url, bucket="misspelled")
        details = assert_all_unavailable(store, tmp_path / "t", within_seconds=5)

    assert {"ESTEIRA_S3_BUCKET" in detail for detail in details} == {True}


def test_a_bucket_that_may_not_be_looked_at_does_not_hide_a_missing_object() -> None:
    async def answer(request: Request) -> Response:
        return Response(status_code=404 if KEY in request.url.path else 403)

    with running_uvicorn(Starlette(routes=[Route("/{path:path}", answer)])) as url, pytest.raises(BlobNotFound):
        store_at(url).head(KEY)


def test_missing_credentials_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    store = store_at("http://127.0.0.1:9")

    details = assert_all_unavailable(store, tmp_path / "t", within_seconds=5)
    with pytest.raises(StorageUnavailable, match="AWS_ACCESS_KEY_ID"):
        store.presign_put(KEY, size_bytes=1, content_type="text/plain", expires_in_seconds=60)

    assert all("AWS_ACCESS_KEY_ID" in detail for detail in details)


def test_an_upload_url_binds_size_type_and_the_public_host() -> None:
    store = store_at("http://inside:9000", public="https://files.example.org")

    url = httpx.URL(store.presign_put(KEY, size_bytes=5, content_type="text/plain", expires_in_seconds=60).url)

    assert (url.scheme, url.host, url.path) == ("https", "files.example.org", f"/bucket/{KEY}")
    assert url.params["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256"
    assert url.params["X-Amz-SignedHeaders"] == "content-length;content-type;host"
    assert url.params["X-Amz-Expires"] == "60"
    assert not any("checksum" in name.lower() for name in url.params)


@pytest.mark.parametrize(
    ("bucket", "address"),
    [("plain", "plain.s3.eu-west-1.amazonaws.com/"), ("with.dots", "s3.eu-west-1.amazonaws.com/with.dots/")],
)
def test_aws_is_addressed_in_the_region_of_the_bucket(
    monkeypatch: pytest.MonkeyPatch, bucket: str, address: str
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")

    url = store_at(None, bucket=bucket).presign_get(KEY, filename="a", content_type="text/plain", expires_in_seconds=60)

    assert url.url.startswith(f"https://{address}{KEY}?")
