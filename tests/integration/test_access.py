"""Without a key nothing can be read or changed where keys are in use: every route is walked."""

import logging
import re
from collections.abc import Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import anyio
import httpx
import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket

from domain.api_key import KeyScope
from infrastructure.storage.local import LocalBlobStore
from infrastructure.storage.local_http import local_store_app
from interface.api.access import declared_access
from interface.api.app import create_app
from tests.support.action_types import an_action_type
from tests.support.api import ORIGIN, PUBLIC_URL, Api
from tests.support.http_server import running_uvicorn
from tests.support.processes import until

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
# All that answers without a key, in full. `/store` checks its own signatures.
OPEN = {"/", "/assets/{x}", "/docs", "/docs/assets/{x}", "/openapi.json", "/api/health", "/api/ready"}
SIGNED = "/store/"
DOCUMENT = str(uuid4())
EVENTS = f"/api/v1/documents/{DOCUMENT}/events"
TOKENS = "/api/v1/stream-tokens"
MINUTE = timedelta(seconds=60)


def events(request: Request) -> Response:
    """Stands in for an event stream; tells what it was let see."""
    return PlainTextResponse(f"{request.url.query} {sorted(request.headers)}")


async def socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.close()


@pytest.fixture
def api() -> Api:
    return Api(keys_required=True)


@pytest.fixture
def app(api: Api, tmp_path: Path) -> FastAPI:
    app = create_app(api.services())
    store = LocalBlobStore(tmp_path, signing_key=b"k" * 32, public_url="http://localhost")
    app.mount("/store", local_store_app(store))
    app.router.routes.insert(0, Route("/api/v1/documents/{document_id}/events", events))
    api.feeds.append(app.state.feeds)
    return app


@pytest.fixture
def client(app: FastAPI) -> Iterator[httpx.Client]:
    with running_uvicorn(app) as url, httpx.Client(base_url=url, timeout=30) as client:
        yield client


def walk(routes: list[BaseRoute], prefix: str = "") -> Iterator[tuple[str, BaseRoute]]:
    """Every route with its whole path: of routers that were included, and of applications that were mounted."""
    for route in routes:
        if candidates := getattr(route, "effective_candidates", None):
            yield from walk(candidates(), prefix)
        elif isinstance(route, Mount):
            inside = route.routes
            yield from walk(list(inside), prefix + route.path) if inside else [(prefix + route.path + "/{x}", route)]
        else:
            # What a router has of Starlette's own, such as a socket, is wrapped.
            bare = getattr(route, "starlette_route", None) or route
            yield prefix + str(getattr(bare, "path", "")), route


def declared_route(app: FastAPI, path: str) -> BaseRoute | None:
    return next((route for found, route in walk(app.routes) if found == path), None)


def concrete(path: str) -> str:
    return re.sub(r"\{[^}]*\}", DOCUMENT, path)


def problem(answer: httpx.Response) -> dict[str, Any]:
    assert answer.headers["Content-Type"] == "application/problem+json"
    return dict(answer.json())


def bearer(api: Api, *scopes: KeyScope) -> dict[str, str]:
    return {"Authorization": f"Bearer {api.make_key(*scopes).text}"}


def test_the_walk_sees_all_that_is_described(app: FastAPI) -> None:
    walked = {path for path, _ in walk(app.routes)}
    assert app.openapi()["paths"].keys() <= walked
    assert walked >= OPEN | {"/store/{key:path}", "/api/v1/jobs/{job_id}/ws"}


def test_without_a_key_nothing_can_be_read_or_changed(app: FastAPI, client: httpx.Client) -> None:
    for template, _ in walk(app.routes):
        path = concrete(template)
        for method in METHODS:
            answer = client.request(method, path, json={} if method != "GET" else None)
            if path.startswith(SIGNED):
                assert answer.status_code in {403, 405}, (method, path)
            elif template not in OPEN or method not in {"GET", "HEAD"}:
                assert answer.status_code == 401, (method, path)
                assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_poll_that_finds_nothing_new_needs_a_key_as_any_other(api: Api, client: httpx.Client) -> None:
    path, known = f"/api/v1/documents/{api.add_document().id}/status", {"If-None-Match": "*"}
    assert client.get(path, headers=known).status_code == 401
    assert client.get(path, headers=known | bearer(api, KeyScope.OPERATE)).status_code == 403
    assert client.get(path, headers=known | bearer(api, KeyScope.READ)).status_code == 304


def test_every_route_says_what_it_needs(app: FastAPI) -> None:
    for template, route in walk(app.routes):
        for method in getattr(route, "methods", None) or {"GET"}:
            assert declared_access(method, concrete(template)) is not None, (
                f"{method} {template} stands in no line of interface/api/access.py, so only admin keys open it"
            )


def test_every_route_is_closed_to_all_scopes_but_its_own(app: FastAPI, api: Api, client: httpx.Client) -> None:
    for template, route in walk(app.routes):
        for method in getattr(route, "methods", None) or {"GET"}:
            path = concrete(template)
            if template in OPEN or path.startswith(SIGNED):
                continue
            access = declared_access(method, path)
            assert access is not None
            others = set(KeyScope) - {access.scope, KeyScope.ADMIN}
            refused = client.request(method, path, headers=bearer(api, *others))
            assert refused.status_code == 403, (method, path)
            assert f'scope="{access.scope}"' in refused.headers["WWW-Authenticate"]
            if method != "HEAD":
                assert (problem(refused)["code"], f"`{access.scope}`" in refused.text) == ("scope_missing", True)
            for scope in (access.scope, KeyScope.ADMIN):
                assert client.request(method, path, headers=bearer(api, scope)).status_code not in {401, 403}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/jobs", {"actions": [{"type": "light"}, {"type": "grave"}]}),
        ("/api/v1/operations/grave/start", {}),
        ("/api/v1/grave/start", {}),
        ("/api/jobs", {"acoes": [{"tipo": "light"}, {"tipo": "grave"}]}),
    ],
)
def test_an_action_that_needs_more_than_write_is_started_by_no_road_without_it(path: str, body: dict[str, Any]) -> None:
    grave = replace(an_action_type("grave"), scope=KeyScope.OPERATE, prefix="/api/v1/grave")
    api = Api(keys_required=True, action_types={"light": an_action_type("light"), "grave": grave})
    with api.serve() as client:
        refused = client.post(path, json=body, headers=bearer(api, KeyScope.READ, KeyScope.WRITE))
        assert (refused.status_code, problem(refused)["code"]) == (403, "scope_missing")
        assert "`operate`" in refused.text
        assert not api.database.jobs
        for scopes in ([KeyScope.WRITE, KeyScope.OPERATE], [KeyScope.ADMIN]):
            assert client.post(path, json=body, headers=bearer(api, *scopes)).status_code == 202


def test_a_route_that_forgets_to_say_what_it_needs_is_open_to_admin_alone(
    app: FastAPI, api: Api, client: httpx.Client
) -> None:
    app.router.routes.append(Route("/api/v1/forgotten", events, methods=["GET", "POST"]))
    app.mount("/panel", PlainTextResponse("a whole application"))
    for method, path in [("GET", "/api/v1/forgotten"), ("POST", "/api/v1/forgotten"), ("GET", "/panel/x")]:
        every_other = bearer(api, KeyScope.READ, KeyScope.WRITE, KeyScope.OPERATE)
        assert client.request(method, path).status_code == 401
        assert client.request(method, path, headers=every_other).status_code == 403
        assert client.request(method, path, headers=bearer(api, KeyScope.ADMIN)).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "//api/v1/documents",
        "/api/v1//documents",
        "/api/v1/documents/../documents",
        "/store/../api/v1/documents",
        "/store/%2e%2e/api/v1/documents",
        "/%61pi/v1/documents",
        "/api/v1/documents%2f",
        "/api/v1/documents;x",
        "/api/v1/documents%0a",
        "/api/health/../v1/documents",
        "/api/health%0a",
        "/docs/../api/v1/documents",
        "/API/v1/documents",
        "/api/v1/documents?token=x",
    ],
)
def test_no_way_of_writing_an_address_goes_round_the_gate(api: Api, client: httpx.Client, path: str) -> None:
    api.add_document(filename="secret.pdf")
    request = client.build_request("GET", "/")
    request.url = request.url.copy_with(raw_path=path.encode())
    answer = client.send(request)
    assert answer.status_code in {401, 403}
    assert "secret" not in answer.text


async def handshake(app: FastAPI, path: str, **sent: str) -> list[str]:
    """Ask for a WebSocket as a server would; return the kinds of messages that came back."""
    said: list[str] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        said.append(message["type"])

    headers = [(b"x-api-key", sent["key"].encode())] if "key" in sent else []
    query = urlencode({"token": sent["token"]}).encode() if "token" in sent else b""
    scope = {"type": "websocket", "path": path, "query_string": query, "headers": headers, "subprotocols": []}
    await app(scope, receive, send)
    return said


def test_a_socket_is_refused_before_it_opens(app: FastAPI, api: Api) -> None:
    app.router.routes.append(WebSocketRoute("/api/v1/ws", socket))
    refused, opened = ["websocket.close"], ["websocket.accept", "websocket.close"]
    for sent in ({}, {"key": "wrong"}, {"key": api.make_key(KeyScope.READ).text}, {"token": "wrong"}):
        assert anyio.run(partial(handshake, app, "/api/v1/ws", **sent)) == refused
    assert anyio.run(partial(handshake, app, "/api/v1/ws", key=api.make_key(KeyScope.ADMIN).text)) == opened


def test_a_request_that_was_let_in_goes_on_when_its_key_is_revoked(api: Api, client: httpx.Client) -> None:
    job = api.add_job(api.add_document(content=b"%PDF"))
    key = api.make_key(KeyScope.READ)
    headers, path = {"X-API-Key": key.text}, f"/api/v1/documents/{job.document_id}/status"
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.get, path, params={"wait": 20}, headers=headers)
        until(lambda: api.followers, seconds=10)
        client.delete(f"/api/v1/keys/{key.id}", headers=bearer(api, KeyScope.ADMIN))
        api.start(job.id)
        assert waiting.result().status_code == 200
    assert client.get(path, headers=headers).status_code == 401


def test_readiness_tells_no_names_without_a_key(api: Api, client: httpx.Client) -> None:
    api.parts |= {"database": lambda: None}
    assert client.get("/api/ready").json() == {"ready": True, "parts": {}}
    assert client.get("/api/ready", headers={"X-API-Key": "wrong"}).json()["parts"] == {}
    assert client.get("/api/ready", headers=bearer(api, KeyScope.READ)).json()["parts"] == {}
    assert "database" in client.get("/api/ready", headers=bearer(api, KeyScope.OPERATE)).json()["parts"]


# How a key is sent


def test_either_header_carries_the_key(api: Api, client: httpx.Client) -> None:
    key = api.make_key(KeyScope.READ).text
    for headers in ({"Authorization": f"Bearer {key}"}, {"authorization": f"bearer  {key}"}, {"X-API-Key": key}):
        assert client.get("/api/v1/documents", headers=headers).status_code == 200


def test_a_proxys_own_authorization_leaves_the_other_header_alone(api: Api, client: httpx.Client) -> None:
    headers = {"Authorization": "Basic cHJveHk6cGFzcw==", "X-API-Key": api.make_key().text}
    assert client.get("/api/v1/documents", headers=headers).status_code == 200


def test_several_keys_are_no_key(api: Api, client: httpx.Client) -> None:
    first, second = api.make_key().text, api.make_key().text
    for headers in (
        [("Authorization", f"Bearer {first}"), ("Authorization", f"Bearer {second}")],
        [("Authorization", f"Bearer {first}"), ("X-API-Key", second)],
        [("X-API-Key", first), ("X-API-Key", first)],
    ):
        answer = client.get("/api/v1/documents", headers=headers)
        assert (answer.status_code, "send one" in problem(answer)["detail"]) == (401, True)


def test_what_is_no_key_is_refused_in_words_that_repeat_nothing(api: Api, client: httpx.Client) -> None:
    key = api.make_key()
    unknown = Api().make_key().text
    assert client.get("/api/v1/documents", headers={"Authorization": "Bearer"}).status_code == 401
    for sent in (
        b"x" * 30_000,
        "é漢".encode(),
        b"\xff\xfe",
        key.text[:-1].encode(),
        key.text.replace("est_", "key_").encode(),
        f"est_{key.id.hex}_{'0' * 64}".encode(),
        unknown.encode(),
    ):
        for header in ((b"Authorization", b"Bearer " + sent), (b"X-API-Key", sent)):
            answer = client.get("/api/v1/documents", headers=[header])
            assert (answer.status_code, problem(answer)["code"]) == (401, "unauthorized")
            assert "est_" not in answer.text
            assert key.secret not in answer.text


def test_a_wrong_secret_and_an_unknown_id_are_answered_alike(api: Api, client: httpx.Client) -> None:
    key = api.make_key()
    wrong = client.get("/api/v1/documents", headers={"X-API-Key": f"est_{key.id.hex}_{'0' * 64}"})
    unknown = client.get("/api/v1/documents", headers={"X-API-Key": f"est_{'0' * 32}_{'0' * 64}"})
    assert wrong.json() == unknown.json()


def test_no_log_line_has_a_key_or_a_token(api: Api, client: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    key = api.make_key()
    token = client.post(TOKENS, headers={"X-API-Key": key.text}).json()["token"]
    wrong = f"est_{key.id.hex}_{'5' * 64}"

    def fail(_request: object) -> list[Any]:
        raise RuntimeError("nobody foresaw this")

    api.search.fail = fail
    for sent in (key.text, wrong):
        client.post("/api/v1/search", json={"query": "x"}, headers={"Authorization": f"Bearer {sent}"})
        client.get(EVENTS, params={"token": sent})
    client.get(EVENTS, params={"token": token})
    ours = "\n".join(f"{r.getMessage()} {vars(r)}" for r in caplog.records if not r.name.startswith("http"))
    assert "nobody foresaw" in ours
    assert "a request was refused" in ours
    for secret in (key.secret, "5" * 64, token.partition(".")[2]):
        assert secret not in ours


def test_a_refused_address_cannot_write_lines_into_the_log(
    client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="interface")
    client.get("/api/v1/x%0aERROR all is lost" + "y" * 10_000)
    (path,) = (vars(record)["path"] for record in caplog.records if record.name == "interface.api.gate")
    assert path.startswith("/api/v1/x%0AERROR%20all")
    assert len(path) == 200


# When a key ends


def test_a_key_opens_until_it_expires_or_is_revoked(api: Api, client: httpx.Client) -> None:
    key = api.make_key(KeyScope.READ)
    admin = bearer(api, KeyScope.ADMIN)
    headers = {"X-API-Key": key.text}
    assert client.get("/api/v1/documents", headers=headers).status_code == 200
    revoked = client.delete(f"/api/v1/keys/{key.id}", headers=admin).json()
    assert revoked["state"] == "revoked"
    answer = client.get("/api/v1/documents", headers=headers)
    assert (answer.status_code, "revoked" in problem(answer)["detail"]) == (401, True)
    again = client.delete(f"/api/v1/keys/{key.id}", headers=admin)
    assert (again.status_code, again.json()["revoked_at"]) == (200, revoked["revoked_at"])


def test_using_a_key_writes_once_a_minute_and_not_at_all_where_nothing_can_be_written(
    api: Api, client: httpx.Client
) -> None:
    headers = {"X-API-Key": api.make_key().text}
    for _ in range(5):
        client.get("/api/v1/documents", headers=headers)
    assert api.api_keys.writes == 1
    api.time_ahead += MINUTE
    api.api_keys.is_read_only = True
    assert client.get("/api/v1/documents", headers=headers).status_code == 200
    api.api_keys.is_read_only = False
    client.get("/api/v1/documents", headers=headers)
    assert api.api_keys.writes == 2


def test_while_keys_cannot_be_looked_up_nobody_is_let_in_and_is_told_to_come_back(
    api: Api, client: httpx.Client
) -> None:
    headers = {"X-API-Key": api.make_key().text}
    api.api_keys.is_down = True
    answer = client.get("/api/v1/documents", headers=headers)
    assert (answer.status_code, problem(answer)["code"], answer.headers["Retry-After"]) == (
        503,
        "database_unavailable",
        "5",
    )
    assert client.get("/api/health").status_code == 200
    assert client.get("/api/ready", headers=headers).json()["parts"] == {}


# Pages of other origins


def test_a_page_of_another_origin_asks_first_without_a_key_and_can_read_refusals(
    api: Api, client: httpx.Client
) -> None:
    asking = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    preflight = client.options("/api/v1/search", headers=asking)
    assert (preflight.status_code, preflight.headers["Access-Control-Allow-Origin"]) == (200, ORIGIN)
    assert "authorization" in preflight.headers["Access-Control-Allow-Headers"].lower()
    for headers, status in (({}, 401), (bearer(api, KeyScope.WRITE), 403)):
        answer = client.post("/api/v1/search", headers={"Origin": ORIGIN, **headers})
        assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (status, ORIGIN)
    assert client.options("/api/v1/search").status_code == 401


# Stream tokens


def test_a_stream_token_opens_event_streams_and_nothing_else(api: Api, client: httpx.Client) -> None:
    token = client.post(TOKENS, headers=bearer(api, KeyScope.READ)).json()["token"]
    assert client.get(EVENTS).status_code == 401
    assert client.get(EVENTS, params={"token": token}).status_code == 200
    for method, path in [("GET", "/api/v1/documents"), ("POST", EVENTS), ("POST", TOKENS), ("GET", f"{EVENTS}/x")]:
        assert client.request(method, path, params={"token": token}).status_code == 401
    for headers in ({"X-API-Key": token}, {"Authorization": f"Bearer {token}"}):
        assert client.get(EVENTS, headers=headers).status_code == 401
    assert client.get(EVENTS, params={"token": api.make_key().text}).status_code == 401


def test_a_stream_token_for_one_stream_opens_that_alone(api: Api, client: httpx.Client) -> None:
    answer = client.post(TOKENS, json={"path": EVENTS}, headers=bearer(api, KeyScope.READ))
    assert (answer.status_code, answer.headers["Cache-Control"]) == (201, "no-store")
    token = {"token": answer.json()["token"]}
    assert client.get(EVENTS, params=token).status_code == 200
    assert client.get(f"/api/v1/documents/{uuid4()}/events", params=token).status_code == 401
    wrong = client.post(TOKENS, json={"path": "/api/v1/documents"}, headers=bearer(api, KeyScope.READ))
    assert (wrong.status_code, problem(wrong)["errors"][0]["pointer"]) == (422, "/path")


def test_a_stream_token_ends_with_its_minute_and_with_its_key(api: Api, client: httpx.Client) -> None:
    key = api.make_key(KeyScope.READ)
    token = {"token": client.post(TOKENS, headers={"X-API-Key": key.text}).json()["token"]}
    client.delete(f"/api/v1/keys/{key.id}", headers=bearer(api, KeyScope.ADMIN))
    assert client.get(EVENTS, params=token).status_code == 401
    token = {"token": client.post(TOKENS, headers=bearer(api, KeyScope.READ)).json()["token"]}
    assert client.get(EVENTS, params=token).status_code == 200
    api.time_ahead += MINUTE
    assert client.get(EVENTS, params=token).status_code == 401


def test_a_stream_token_that_was_got_without_a_key_opens_nothing_where_keys_are_in_use(
    api: Api, client: httpx.Client
) -> None:
    with Api(api_keys=api.api_keys).serve() as keyless:
        token = keyless.post(TOKENS).json()["token"]
    assert client.get(EVENTS, params={"token": token}).status_code == 401


def test_what_is_behind_the_gate_sees_neither_key_nor_token(api: Api, client: httpx.Client) -> None:
    token = client.post(TOKENS, headers=bearer(api, KeyScope.READ)).json()["token"]
    seen = client.get(f"{EVENTS}?a=1&%74oken={token}&b=%26").text
    assert (seen.split()[0], "authorization" in seen) == ("a=1&b=%26", False)
    seen = client.get(EVENTS, headers=bearer(api, KeyScope.READ) | {"X-Other": "1"}).text
    assert ("x-other" in seen, "authorization" in seen) == (True, False)


# Without keys in use


def test_without_keys_in_use_all_is_open_but_keys_cannot_be_made_over_http() -> None:
    api = Api()
    with api.serve() as client:
        assert client.get("/api/v1/documents").status_code == 200
        assert client.get("/api/v1/documents", headers={"X-API-Key": "of another server"}).status_code == 200
        assert client.post(TOKENS).status_code == 201
        for method, path in [("GET", ""), ("POST", ""), ("DELETE", f"/{uuid4()}")]:
            assert client.request(method, f"/api/v1/keys{path}", json={}).status_code == 401
        assert client.get("/api/v1/keys", headers=bearer(api, KeyScope.ADMIN)).status_code == 200


# Keys over HTTP


def test_a_key_is_made_shown_once_listed_and_revoked(api: Api, client: httpx.Client) -> None:
    client.headers.update(bearer(api, KeyScope.ADMIN))
    body = {"name": "a scanner", "scopes": ["write", "read"], "expires_at": "2999-01-01T00:00:00Z"}
    made = client.post("/api/v1/keys", json=body)
    assert (made.status_code, made.headers["Cache-Control"]) == (201, "no-store")
    key = made.json()
    assert (key["scopes"], key["state"], key["expires_at"]) == (["read", "write"], "valid", "2999-01-01T00:00:00.000Z")
    other = {"Authorization": f"Bearer {key['key']}"}
    assert client.get("/api/v1/documents", headers=other).status_code == 200
    assert client.get("/api/v1/keys", headers=other).status_code == 403

    first = client.get("/api/v1/keys", params={"limit": 1}).json()
    rest = client.get("/api/v1/keys", params={"cursor": first["next_cursor"]}).json()
    assert first["items"][0] | {"last_used_at": None} == {k: v for k, v in key.items() if k != "key"}
    assert first["items"][0]["last_used_at"] is not None
    assert (len(rest["items"]), rest["next_cursor"]) == (1, None)
    assert key["key"].rpartition("_")[2] not in str(first)
    assert client.delete(f"/api/v1/keys/{key['key_id']}").json()["state"] == "revoked"


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": " "}, "/name"),
        ({"name": "x\u0000"}, "/name"),
        ({"scopes": []}, "/scopes"),
        ({"scopes": ["root"]}, "/scopes/0"),
        ({"scopes": "read"}, "/scopes"),
        ({"expires_at": "2001-01-01T00:00:00Z"}, "/expires_at"),
        ({"expires_at": "2999-01-01T00:00:00"}, "/expires_at"),
        ({"expires_at": "9999-12-31T23:59:59-03:00"}, "/expires_at"),
        ({"expires_at": "9999-12-31T00:00:01Z"}, "/expires_at"),
        ({"secret": "mine"}, "/secret"),
    ],
)
def test_a_wrong_key_is_not_made(api: Api, client: httpx.Client, wrong: dict[str, Any], pointer: str) -> None:
    body = {"name": "a scanner", "scopes": ["read"], **wrong}
    answer = client.post("/api/v1/keys", json=body, headers=bearer(api, KeyScope.ADMIN))
    assert (answer.status_code, problem(answer)["errors"][0]["pointer"]) == (422, pointer)


def test_an_unknown_key_cannot_be_revoked(api: Api, client: httpx.Client) -> None:
    for key_id in (str(uuid4()), "nonsense"):
        answer = client.delete(f"/api/v1/keys/{key_id}", headers=bearer(api, KeyScope.ADMIN))
        assert (answer.status_code, problem(answer)["code"]) == (404, "key_not_found")


def test_the_description_says_which_scope_each_call_needs(client: httpx.Client) -> None:
    schema = client.get("/openapi.json").json()
    assert set(schema["components"]["securitySchemes"]) == {"bearer", "header", "stream_token"}
    paths = schema["paths"]
    assert paths["/api/v1/search"]["post"]["security"] == [{"bearer": ["read"]}, {"header": ["read"]}]
    assert paths["/api/health"]["get"]["security"] == []
    assert {} in paths["/api/ready"]["get"]["security"]
    needing = [operation for path in paths.values() for operation in path.values() if operation["security"]]
    assert all({"401", "403"} <= set(each["responses"]) for each in needing if {} not in each["security"])


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("POST", {"Host": "evil.example"}, 403),
        ("GET", {"Host": "evil.example:8000"}, 403),
        ("GET", {"Host": "127.0.0.1.evil.example"}, 403),
        ("POST", {"Origin": "http://evil.example"}, 403),
        ("POST", {"Origin": "null"}, 403),
        ("DELETE", {"Origin": "http://localhost.evil.example"}, 403),
        ("GET", {"Origin": "http://evil.example"}, 405),  # what it may not read, CORS says
        ("POST", {"Origin": ORIGIN}, 200),
        ("POST", {"Origin": "http://localhost:3000"}, 200),
        ("POST", {"Host": "localhost"}, 200),
        ("POST", {"Host": "[::1]:8000"}, 200),
        ("POST", {"Host": httpx.URL(PUBLIC_URL).host.upper()}, 200),
        ("POST", {}, 200),
    ],
)
def test_without_keys_pages_of_others_change_nothing(method: str, headers: dict[str, str], status: int) -> None:
    with Api(cors_origins=(ORIGIN,)).serve() as client:
        answer = client.request(method, "/api/v1/queue/document_processing/pause", headers=headers)
    assert answer.status_code == status, answer.text
    if status == 403:
        assert problem(answer)["code"] == "foreign_page"
