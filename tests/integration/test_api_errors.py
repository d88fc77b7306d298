import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.errors import QueueUnavailable
from tests.support.api import ORIGIN, PUBLIC_URL, Api
from tests.support.hostile_json import presign_bodies, search_bodies

PRESIGN = "/api/v1/documents/upload/presigned"
SEARCH = "/api/v1/search"


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Api, httpx.Client]]:
    api = Api()
    with api.serve() as client:
        yield api, client


@pytest.fixture
def api(served: tuple[Api, httpx.Client]) -> Iterator[Api]:
    api, _ = served
    yield api
    api.database.is_down = api.blobs.is_down = False
    api.parts.clear()


@pytest.fixture
def client(served: tuple[Api, httpx.Client]) -> httpx.Client:
    return served[1]


def problem(answer: httpx.Response) -> dict[str, Any]:
    assert answer.headers["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == answer.status_code
    return body


def refused(client: httpx.Client, body: bytes, path: str = PRESIGN, content_type: str = "application/json") -> Any:  # noqa: ANN401
    answer = client.post(path, content=body, headers={"Content-Type": content_type})
    return answer.status_code, problem(answer)


def test_an_unknown_address_is_a_problem(client: httpx.Client) -> None:
    for path in ("/nothing", "/api/v1/nothing", "/api/v1/documents/"):
        answer = client.get(path)
        assert (answer.status_code, problem(answer)["code"]) == (404, "not_found")


def test_a_wrong_method_says_which_ones_are_taken(client: httpx.Client) -> None:
    answer = client.get(SEARCH)
    assert (answer.status_code, problem(answer)["code"], answer.headers["Allow"]) == (405, "method_not_allowed", "POST")


def test_bad_fields_are_named_by_pointers(client: httpx.Client) -> None:
    body = {"size_bytes": -1, "metadata": {"a/b~c": {"deep": 1}}, "parts": True, "content_type": "nonsense"}
    status, answer = refused(client, json.dumps(body).encode())
    assert (status, answer["code"]) == (422, "invalid_request")
    assert {error["pointer"] for error in answer["errors"]} == {
        "/filename",
        "/size_bytes",
        "/metadata/a~1b~0c",
        "/parts",
        "/content_type",
    }
    assert all(error["detail"].endswith(".") for error in answer["errors"])


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 100_000, b"1" * 10_000, b"{}"],
    ids=["empty", "cut off", "list", "null", "string", "not UTF-8", "deep", "long number", "no fields"],
)
def test_a_body_that_is_no_object_is_a_problem(client: httpx.Client, body: bytes) -> None:
    status, answer = refused(client, body)
    assert (status in {400, 422}, answer["code"]) == (True, "invalid_request")


def test_a_body_of_another_type_is_told_to_be_json(client: httpx.Client) -> None:
    status, answer = refused(client, b'{"query": "x"}', SEARCH, "text/plain")
    assert (status, answer["errors"][0]["pointer"]) == (422, "")
    assert "application/json" in answer["detail"]


@pytest.mark.parametrize("escape", ["\\u0000", "\\ud800", "\\udfff\\ud800"])
def test_text_that_cannot_be_stored_is_refused_with_a_sentence(client: httpx.Client, escape: str) -> None:
    whole = '{"filename": "f", "size_bytes": 1, %s}'
    for field, pointer in [
        ('"external_id": "a%s"', "/external_id"),
        ('"content_type": "text/plain%s"', "/content_type"),
        ('"metadata": {"k": "a%s"}', "/metadata/k"),
    ]:
        status, answer = refused(client, (whole % (field % escape)).encode())
        assert (status, [error["pointer"] for error in answer["errors"]]) == (422, [pointer])
        assert "character" in answer["detail"]
    assert refused(client, (whole % f'"metadata": {{"k{escape}": 1}}').encode())[0] == 422
    assert refused(client, f'{{"query": "a{escape}"}}'.encode(), SEARCH)[0] == 422
    assert refused(client, f'{{"query": "a", "x{escape}": 1}}'.encode(), SEARCH)[0] == 422


def test_a_large_body_is_refused_whether_it_says_so_or_not(client: httpx.Client) -> None:
    large = json.dumps({"query": "x" * (1 << 20)}).encode()

    def in_pieces() -> Iterator[bytes]:
        for start in range(0, len(large), 1 << 16):
            yield large[start : start + (1 << 16)]

    for content in (large, in_pieces()):
        answer = client.post(SEARCH, content=content, headers={"Content-Type": "application/json"})
        assert (answer.status_code, problem(answer)["code"]) == (413, "request_too_large")


@pytest.mark.parametrize(("down", "code"), [("database", "database_unavailable"), ("blobs", "storage_unavailable")])
def test_what_does_not_answer_says_when_to_come_back(api: Api, client: httpx.Client, down: str, code: str) -> None:
    document = api.add_document(content=b"%PDF")
    getattr(api, down).is_down = True
    answer = client.post(f"/api/v1/documents/{document.id}/process")
    assert (answer.status_code, problem(answer)["code"], answer.headers["Retry-After"]) == (503, code, "5")
    assert "try again" in problem(answer)["detail"]


def test_an_unforeseen_error_tells_nothing_and_can_be_read_by_other_origins(api: Api, client: httpx.Client) -> None:
    def fail(_request: object) -> list[Any]:
        raise RuntimeError("postgresql://user:secret@host/db in /srv/secret.py")

    api.search.fail = fail
    answer = client.post(SEARCH, json={"query": "x"}, headers={"Origin": ORIGIN})
    api.search.fail = None

    assert (answer.status_code, problem(answer)["code"]) == (500, "internal_error")
    assert "secret" not in answer.text
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/api/v1/documents", "/store/documents/x/original"])
def test_a_page_on_another_origin_may_do_the_whole_flow(client: httpx.Client, path: str) -> None:
    preflight = client.options(
        path,
        headers={
            "Origin": ORIGIN,
            "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": "content-type, if-none-match, x-api-key",
        },
    )
    assert (preflight.status_code, preflight.headers["Access-Control-Allow-Origin"]) == (200, ORIGIN)
    assert "PUT" in preflight.headers["Access-Control-Allow-Methods"]
    assert "if-none-match" in preflight.headers["Access-Control-Allow-Headers"]
    exposed = client.get(path, headers={"Origin": ORIGIN}).headers["Access-Control-Expose-Headers"]
    assert {"ETag", "Location", "Retry-After"} <= set(exposed.split(", "))


def test_a_page_on_a_stranger_origin_may_not(client: httpx.Client) -> None:
    stranger = {"Origin": "https://stranger.example", "Access-Control-Request-Method": "GET"}
    assert "Access-Control-Allow-Origin" not in client.options("/api/v1/documents", headers=stranger).headers
    assert "Access-Control-Allow-Origin" not in client.get("/api/v1/documents", headers=stranger).headers


def test_health_asks_nobody(api: Api, client: httpx.Client) -> None:
    api.database.is_down = True
    assert client.get("/api/health").json() == {"status": "live"}


def test_readiness_names_the_part_that_does_not_answer(api: Api, client: httpx.Client) -> None:
    def broken() -> None:
        raise QueueUnavailable("redis://:secret@host")

    def defective() -> None:
        raise RuntimeError("secret")

    api.parts |= {"database": lambda: None}
    ready = client.get("/api/ready")
    assert (ready.status_code, ready.json()["ready"], ready.json()["parts"]["database"]["ready"]) == (200, True, True)

    api.parts |= {"redis": broken, "store": defective}
    answer = client.get("/api/ready")
    assert answer.status_code == 503
    assert {name: part["code"] for name, part in answer.json()["parts"].items()} == {
        "database": None,
        "redis": "queue_unavailable",
        "store": "internal_error",
    }
    assert "secret" not in answer.text


def test_the_root_points_to_the_documentation(client: httpx.Client) -> None:
    assert client.get("/").json()["docs"] == f"{PUBLIC_URL}/docs"


def test_the_documentation_needs_nothing_from_elsewhere(client: httpx.Client) -> None:
    page = client.get("/docs").text
    addresses = re.findall(r"""(?:src|href)="([^"]+)"|url: '([^']+)'""", page)
    assert len(addresses) == 4, page
    for address in map("".join, addresses):
        assert httpx.URL(address).is_relative_url
        assert client.get(address).status_code == 200
    assert client.get("/redoc").status_code == 404


def test_the_description_is_whole(client: httpx.Client) -> None:
    text = client.get("/openapi.json").text
    schema = json.loads(text)
    operations = [operation for path in schema["paths"].values() for operation in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert names
    assert len(names) == len(set(names))
    assert all(operation["tags"] and operation["summary"] for operation in operations)
    assert all("application/problem+json" in operation["responses"]["default"]["content"] for operation in operations)
    assert "HTTPValidationError" not in text
    references = {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}
    assert references <= schema["components"]["schemas"].keys()
    status = schema["components"]["schemas"]["DocumentStatusBody"]
    assert set(status["required"]) == set(status["properties"])


_FUZZ = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def _never_fails(client: httpx.Client, path: str, body: object, success: int) -> None:
    answer = client.post(path, content=json.dumps(body), headers={"Content-Type": "application/json"})
    if answer.status_code != success:
        assert answer.status_code in {400, 413, 422}, answer.text
        assert problem(answer)["detail"]


@_FUZZ
@given(body=presign_bodies())
def test_whatever_is_sent_to_presign_is_taken_or_refused(client: httpx.Client, body: object) -> None:
    _never_fails(client, PRESIGN, body, 201)


@_FUZZ
@given(body=search_bodies())
def test_whatever_is_sent_to_search_is_taken_or_refused(client: httpx.Client, body: object) -> None:
    _never_fails(client, SEARCH, body, 200)


@_FUZZ
@given(body=st.binary(max_size=60))
def test_whatever_bytes_are_sent_are_refused(client: httpx.Client, body: bytes) -> None:
    assert refused(client, body)[0] in {400, 422}
