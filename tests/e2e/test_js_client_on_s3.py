"""The JavaScript client with a store of another origin than the API's, and with API keys."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from domain.api_key import KeyScope
from tests.support.api import Api
from tests.support.blob_store_backends import MOTO_CREDENTIALS, moto_server, s3_backend

if TYPE_CHECKING:
    from playwright.sync_api import Page

CONTENT_SCRIPT = """async ({ name, size, partsFrom }) => {
    const upload = esteira.upload(new File(["k".repeat(size)], name), { partsFrom });
    const { document_id } = await upload.done;
    const content = await esteira.content(document_id);
    return [document_id, upload.sent, content.size];
}"""


@pytest.fixture(scope="module")
def s3_url() -> Iterator[str]:
    with moto_server() as url:
        yield url


@pytest.fixture
def api(s3_url: str, other_origin: str) -> Iterator[Api]:
    with s3_backend(s3_url, MOTO_CREDENTIALS) as backend:
        yield Api(blobs=backend.store, cors_origins=(other_origin,), keys_required=True, max_upload_bytes=1 << 30)


@pytest.fixture
def client(api: Api) -> Iterator[httpx.Client]:
    with api.serve() as client:
        yield client


@pytest.fixture
def script(page: "Page", other_origin: str, client: httpx.Client, api: Api) -> "Page":
    page.goto(f"{other_origin}/tests/support/pages/client.html")
    options = {"url": str(client.base_url), "apiKey": api.make_key(KeyScope.READ, KeyScope.WRITE).text}
    page.evaluate("options => { window.esteira = new Esteira(options) }", options)
    return page


@pytest.mark.parametrize(("size", "parts"), [(1000, 1), (40 << 20, 3)], ids=["as one", "in parts"])
def test_bytes_go_to_the_store_and_the_key_does_not(script: "Page", s3_url: str, size: int, parts: int) -> None:
    sent: list[dict[str, Any]] = []
    script.on("request", lambda it: sent.append(it.all_headers()) if it.url.startswith(s3_url) else None)
    asked = {"name": "store.txt", "size": size, "partsFrom": 1 << 20}
    _, told, received = script.evaluate(CONTENT_SCRIPT, asked)
    assert (told, received) == (size, size)
    assert len(sent) == parts + 1
    assert not [headers for headers in sent if {"authorization", "x-api-key"} & headers.keys()]


def test_a_wrong_key_is_told_at_once_and_a_right_one_may_come_later(
    script: "Page", page_errors: list[str], api: Api
) -> None:
    refused = script.evaluate("""async () => {
        window.key = esteira.apiKey;
        esteira.apiKey = "est_wrong";
        window.upload = esteira.upload(new File(["x"], "x.txt"));
        const tell = ({ code, status }) => [code, status];
        return [await upload.done.catch(tell), await esteira.documents().catch(tell), upload.state];
    }""")
    assert refused == [["unauthorized", 401], ["unauthorized", 401], "failed"]
    page_errors.clear()
    done = script.evaluate(
        "async () => { esteira.apiKey = key; upload.retry(); return (await upload.done).document_id }"
    )
    assert [str(each) for each in api.database.documents] == [done]


def test_a_scope_that_is_missing_is_told(script: "Page", page_errors: list[str]) -> None:
    assert script.evaluate("esteira.queueInfo().catch(({ code, status }) => [code, status])") == ["scope_missing", 403]
    page_errors.clear()
