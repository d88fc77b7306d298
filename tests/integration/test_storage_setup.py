"""`esteira storage setup` on Ceph, which checks what it is asked, and on stores that something is wrong with."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from secrets import token_hex
from typing import Any

import boto3
import httpx
import pytest

from bootstrap.settings import Settings
from bootstrap.storage_setup import run_storage_setup
from infrastructure.storage.s3 import S3BlobStore
from tests.support.blob_store_backends import MOTO_CREDENTIALS, moto_server
from tests.support.ceph_gateway import CephGateway
from tests.support.http_server import listening_socket, url_of

PAGE = "https://app.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    code: int
    text: str


Tell = Callable[..., Told]


class OtherStore(BaseHTTPRequestHandler):
    """Keeps what it is sent, asks for no signature, knows nothing of pages; its clock may be wrong."""

    date: str | None = None
    refuses = False
    kept: bytes = b""

    def do_PUT(self) -> None:
        type(self).kept = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(b"")

    def do_GET(self) -> None:
        self.answer(self.kept)

    def answer(self, body: bytes) -> None:
        self.send_response(403 if self.refuses else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def date_time_string(self, timestamp: float | None = None) -> str:
        return self.date or super().date_time_string(timestamp)

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield url_of(server.socket)
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def bucket() -> str:
    return f"esteira-{token_hex(8)}"


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, bucket: str) -> Tell:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    def tell(
        url: str | None, credentials: dict[str, str], *, dry_run: bool = False, skip: bool = False, **settings: object
    ) -> Told:
        for name, value in credentials.items():
            monkeypatch.setenv(name, value)
        given = {"s3_bucket": bucket, "s3_endpoint_url": url, "cors_origins": PAGE, **settings}
        code = run_storage_setup(Settings(_env_file=None, **given), dry_run=dry_run, skip_public_check=skip)
        return Told(code=code, text=capsys.readouterr().out)

    return tell


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with moto_server() as url:
        yield url


def client_of(ceph: CephGateway) -> Any:  # noqa: ANN401 - boto3 makes its classes at run time
    keys = ceph.credentials
    return boto3.client(
        "s3",
        endpoint_url=ceph.url,
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
    )


on_ceph = pytest.mark.xdist_group("ceph")


@on_ceph
def test_a_bucket_is_made_and_pages_of_the_origins_can_upload(
    ceph_gateway: CephGateway, tell: Tell, bucket: str
) -> None:
    told = tell(ceph_gateway.url, ceph_gateway.credentials, public_url="https://esteira.example/api")

    assert told.code == 0, told.text
    assert f"{bucket} was made" in told.text
    assert {line.split()[0] for line in told.text.splitlines()} == {"ok"}
    assert all(f"a page of {origin} can upload" in told.text for origin in (PAGE, "https://esteira.example"))
    client = client_of(ceph_gateway)
    assert "Contents" not in client.list_objects_v2(Bucket=bucket)
    (rule,) = client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 2}
    put = S3BlobStore(bucket=bucket, endpoint_url=ceph_gateway.url, public_endpoint_url=None).presign_put(
        "a", size_bytes=1, content_type="text/plain", expires_in_seconds=60
    )
    asked = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type"}
    stranger = httpx.options(put.url, headers={"Origin": "https://evil.example", **asked})
    assert stranger.status_code == 403


@on_ceph
def test_done_again_it_changes_nothing_and_keeps_the_rules_of_others(
    ceph_gateway: CephGateway, tell: Tell, bucket: str
) -> None:
    client = client_of(ceph_gateway)
    client.create_bucket(Bucket=bucket)
    theirs = {"ID": "theirs", "AllowedOrigins": ["https://other.example"], "AllowedMethods": ["GET"]}
    client.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [theirs]})

    for _ in range(2):
        told = tell(ceph_gateway.url, ceph_gateway.credentials)
        assert told.code == 0, told.text
        assert f"{bucket} is there" in told.text

    rules = client.get_bucket_cors(Bucket=bucket)["CORSRules"]
    assert sorted(rule["ID"] for rule in rules) == ["esteira-uploads", "theirs"]
    assert len(client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]) == 1


@on_ceph
def test_a_dry_run_says_what_it_would_do_and_does_nothing(ceph_gateway: CephGateway, tell: Tell, bucket: str) -> None:
    told = tell(ceph_gateway.url, ceph_gateway.credentials, dry_run=True)

    assert told.code == 0
    assert told.text.count("would be") == 3
    assert bucket not in {found["Name"] for found in client_of(ceph_gateway).list_buckets()["Buckets"]}


@on_ceph
@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"AWS_ACCESS_KEY_ID": "nobody"}, "check AWS_ACCESS_KEY_ID"),
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "check AWS_SECRET_ACCESS_KEY"),
    ],
)
def test_wrong_keys_are_named(ceph_gateway: CephGateway, tell: Tell, changed: dict[str, str], sentence: str) -> None:
    told = tell(ceph_gateway.url, ceph_gateway.credentials | changed)

    assert told.code == 1
    assert sentence in told.text
    assert "failed   bucket" in told.text


@on_ceph
def test_the_bucket_of_somebody_else_is_refused(ceph_gateway: CephGateway, tell: Tell, bucket: str) -> None:
    client_of(ceph_gateway).create_bucket(Bucket=bucket)

    told = tell(ceph_gateway.url, ceph_gateway.new_user())

    assert told.code == 1
    assert "must be allowed to get, put and delete" in told.text


@on_ceph
def test_a_public_endpoint_that_cannot_be_reached_is_told_and_may_be_left_out(
    ceph_gateway: CephGateway, tell: Tell
) -> None:
    with listening_socket() as bound_but_not_listening:
        public = {"s3_public_endpoint_url": url_of(bound_but_not_listening)}
        told = tell(ceph_gateway.url, ceph_gateway.credentials, **public)
        left_out = tell(ceph_gateway.url, ceph_gateway.credentials, skip=True, **public)

    assert told.code == 1
    assert "correct ESTEIRA_S3_PUBLIC_ENDPOINT_URL" in told.text
    assert left_out.code == 0, left_out.text


def test_where_nothing_answers_the_endpoint_is_named(tell: Tell) -> None:
    with listening_socket() as bound_but_not_listening:
        url = url_of(bound_but_not_listening)
        told = tell(url, MOTO_CREDENTIALS)

    assert told.code == 1
    assert f"no S3 answers at {url}: correct ESTEIRA_S3_ENDPOINT_URL" in told.text


def test_what_answers_and_is_no_s3_is_named(tell: Tell) -> None:
    with serving(OtherStore) as url:
        told = tell(url, MOTO_CREDENTIALS)

    assert told.code == 1
    assert "ESTEIRA_S3_ENDPOINT_URL" in told.text


def test_a_store_that_checks_no_signatures_is_warned_of(moto: str, tell: Tell) -> None:
    told = tell(moto, MOTO_CREDENTIALS)

    assert told.code == 0, told.text
    assert "warning  privacy: anybody can read" in told.text


def test_a_clock_that_is_wrong_is_told(moto: str, tell: Tell) -> None:
    class Late(OtherStore):
        date, refuses = "Sat, 01 Jan 2000 00:00:00 GMT", True

    with serving(Late) as public:
        told = tell(moto, MOTO_CREDENTIALS, s3_public_endpoint_url=public)

    assert told.code == 1
    assert "its clock differs from this machine's" in told.text


def test_a_store_that_lets_no_page_upload_is_told(moto: str, tell: Tell) -> None:
    with serving(OtherStore) as public:
        told = tell(moto, MOTO_CREDENTIALS, s3_public_endpoint_url=public)

    assert told.code == 1
    assert f"does not let pages of {PAGE} upload" in told.text


def test_the_local_store_needs_nothing(tell: Tell, tmp_path: Path) -> None:
    told = tell(None, {}, s3_bucket=None, data_dir=tmp_path)

    assert told.code == 0
    assert "Nothing is to be set up" in told.text
    assert list(tmp_path.iterdir()) == []
