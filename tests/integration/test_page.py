"""The page as browsers and programs get it: its policy, its files, and no key before it is open."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from infrastructure.storage.s3 import S3BlobStore
from interface.web.page import add_page
from tests.support.api import PUBLIC_URL, Api
from tests.support.blob_store_backends import local_backend
from tests.support.http_server import running_uvicorn

BROWSER = {"Accept": "text/html,application/xhtml+xml"}
NOWHERE, FILES = "http://127.0.0.1:1", "https://files.example:9000"
POLICY = "Content-Security-Policy"


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with Api(keys_required=True).serve() as client:
        yield client


def policy_of(answer: httpx.Response) -> dict[str, list[str]]:
    rules = (rule.split() for rule in answer.headers[POLICY].split(";"))
    return {name: values for name, *values in rules}


def test_browsers_get_the_page_without_a_key_and_nothing_but_its_own_files_runs(client: httpx.Client) -> None:
    answer = client.get("/", headers=BROWSER)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert 'src="assets/app.js"' in answer.text
    policy = policy_of(answer)
    assert (policy["default-src"], policy["script-src"], policy["style-src"]) == (["'none'"], ["'self'"], ["'self'"])
    assert (policy["frame-ancestors"], policy["base-uri"], policy["form-action"]) == (["'none'"],) * 3


def test_programs_are_told_where_the_interface_is_described(client: httpx.Client) -> None:
    answer = client.get("/")
    assert answer.json()["openapi"] == f"{PUBLIC_URL}/openapi.json"
    for each in (answer, client.get("/", headers=BROWSER)):
        assert "Accept" in each.headers["Vary"].split(", ")


@pytest.mark.parametrize("path", ["/", "/assets/app.js", "/assets/esteira.js", "/assets/vendor/preact.js"])
def test_what_has_not_changed_is_not_sent_again(client: httpx.Client, path: str) -> None:
    first = client.get(path, headers=BROWSER)
    assert (first.status_code, first.headers["Cache-Control"]) == (200, "no-cache")
    again = client.get(path, headers=BROWSER | {"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers.get(POLICY) == first.headers.get(POLICY)


def test_the_page_can_be_looked_at_without_being_sent(client: httpx.Client) -> None:
    answer = client.head("/", headers=BROWSER)
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(
    "path",
    [
        "/assets/styles/..%2f..%2f..%2fpage.py",
        "/assets/%2e%2e/page.py",
        "/assets/..%2fpage.py",
        "/assets/..%5cpage.py",
        "/assets//etc/passwd",
        "/assets/styles",
        "/assets/",
        "/assets/nothing.js",
    ],
)
def test_only_the_files_of_the_page_are_served(client: httpx.Client, path: str) -> None:
    url = client.base_url.copy_with(raw_path=path.encode())
    assert client.get(url, headers=BROWSER).status_code == 404
    assert b"add_page" not in client.get(url).content


def origins(blobs: object) -> list[str]:
    """Return from where the page may load pictures, over that store."""
    app = FastAPI()
    add_page(app, public_url=PUBLIC_URL, blobs=blobs)  # type: ignore[arg-type]
    with running_uvicorn(app) as url:
        answer = httpx.get(url, headers=BROWSER)
    assert answer.status_code == 200
    policy = policy_of(answer)
    assert policy["img-src"] == policy["connect-src"]
    return policy["img-src"]


def test_the_page_may_talk_to_the_local_store(tmp_path: Path) -> None:
    with local_backend(tmp_path / "store") as backend:
        url = backend.store.presign_get("k", filename="k", content_type="text/plain", expires_in_seconds=1).url
        assert origins(backend.store) == ["'self'", "/".join(url.split("/")[:3])]


def s3(*, endpoint: str | None = None, public: str | None = None) -> S3BlobStore:
    return S3BlobStore(bucket="papers", endpoint_url=endpoint, public_endpoint_url=public)


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")


@pytest.mark.usefixtures("credentials")
def test_the_page_may_talk_to_the_buckets_public_address() -> None:
    assert origins(s3(endpoint=NOWHERE, public=FILES)) == ["'self'", FILES]
    (own, bucket) = origins(s3())
    assert (own, bucket.startswith("https://papers.s3.")) == ("'self'", True)


def test_a_store_without_credentials_leaves_the_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert origins(s3(endpoint=NOWHERE, public=FILES)) == ["'self'"]
