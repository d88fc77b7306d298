"""An API key is made once, however often the request is sent, and its secret is readable nowhere else."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

import httpx
import pytest
from sqlalchemy import Engine, text

from application.use_cases.create_api_key import CreateApiKey
from domain.api_key import KeyScope
from domain.errors import ApiKeyUnreadable, InvalidRequest
from domain.idempotent_request import IdempotentRequest
from domain.ids import DEFAULT_TENANT
from infrastructure.postgres.api_key_store import PostgresApiKeyStore
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from tests.support.api import Api
from tests.support.seals import a_seal

KEYS = "/api/v1/keys"
BODY = {"name": "scanner", "scopes": ["write"]}
REQUEST = IdempotentRequest(tenant_id=DEFAULT_TENANT, key="k", fingerprint=b"f")


@pytest.fixture
def api() -> Api:
    return Api(keys_required=True)


@pytest.fixture
def client(api: Api) -> Iterator[httpx.Client]:
    with api.serve() as client:
        client.headers["X-API-Key"] = api.make_key(KeyScope.ADMIN).text
        yield client


def post(client: httpx.Client, body: object = BODY) -> httpx.Response:
    return client.post(KEYS, json=body, headers={"Idempotency-Key": "k"})


def creator(engine: Engine, *, secret: bytes = b"s" * 32) -> CreateApiKey:
    return CreateApiKey(
        transactions=partial(PostgresUnitOfWork, engine), seal=a_seal(secret), clock=partial(datetime.now, UTC)
    )


def test_a_key_whose_answer_was_lost_is_told_once_more(client: httpx.Client, api: Api) -> None:
    first, again = post(client), post(client)
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert ("Idempotency-Replayed" in first.headers, again.headers["Idempotency-Replayed"]) == (False, "true")
    assert again.headers["Cache-Control"] == "no-store"
    assert len(api.api_keys.kept) == 2
    assert client.get("/api/v1/queue/workers", headers={"X-API-Key": first.json()["key"]}).status_code == 403


def test_another_key_needs_another_idempotency_key(client: httpx.Client) -> None:
    post(client)
    answer = post(client, BODY | {"scopes": ["read"]})
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


def test_a_key_that_was_revoked_since_says_so(client: httpx.Client) -> None:
    made = post(client).json()
    client.delete(f"{KEYS}/{made['key_id']}")
    assert post(client).json()["state"] == "revoked"


def test_the_secret_stands_nowhere_in_clear(engine: Engine) -> None:
    create = partial(creator(engine), DEFAULT_TENANT, name="a", scopes=[KeyScope.READ], expires_at=None)
    made, again = create(request=REQUEST), create(request=REQUEST)
    assert (made.is_replayed, again.is_replayed, again.plain, again.key) == (False, True, made.plain, made.key)
    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT k::text || (SELECT string_agg(a::text, '') FROM api_keys a) FROM idempotency_keys k")
        ).scalar_one()
    assert made.plain.secret not in rows
    assert len(PostgresApiKeyStore(engine).page(DEFAULT_TENANT, before=None, limit=9)) == 1


def test_a_secret_that_was_sealed_elsewhere_is_not_made_anew(engine: Engine) -> None:
    here, elsewhere = creator(engine), creator(engine, secret=b"another secret of another machine")
    here(DEFAULT_TENANT, name="a", scopes=[KeyScope.READ], expires_at=None, request=REQUEST)
    with pytest.raises(ApiKeyUnreadable):
        elsewhere(DEFAULT_TENANT, name="a", scopes=[KeyScope.READ], expires_at=None, request=REQUEST)


def test_a_key_that_was_refused_has_used_up_no_idempotency_key(engine: Engine) -> None:
    create = partial(creator(engine), DEFAULT_TENANT, name="a", expires_at=None, request=REQUEST)
    with pytest.raises(InvalidRequest):
        create(scopes=[])
    assert not create(scopes=[KeyScope.READ]).is_replayed
