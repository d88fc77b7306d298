"""What may be relied on of the store of API keys, in memory and on PostgreSQL alike."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from application.ports.api_key_store import ApiKeyStore
from application.ports.unit_of_work import Transactions
from domain.api_key import ApiKey, KeyScope, PlainKey
from domain.errors import ApiKeyNotFound
from domain.ids import DEFAULT_TENANT, ApiKeyId, TenantId, new_uuid7
from infrastructure.postgres.api_key_store import PostgresApiKeyStore
from infrastructure.postgres.engine import make_engine
from infrastructure.postgres.migrate import migrate
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from tests.support.in_memory_transactions import InMemoryDatabase

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
NOBODYS = ApiKeyId(new_uuid7())


@dataclass
class Store:
    """Both ports over one store: what transactions add, it finds."""

    transactions: Transactions
    keys: ApiKeyStore

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self.keys, name)

    def add(self, key: ApiKey) -> None:
        with self.transactions() as transaction:
            transaction.api_keys.add(key)
            transaction.commit()


@pytest.fixture(params=["in memory", "PostgreSQL"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    if request.param == "in memory":
        database = InMemoryDatabase()
        yield Store(database, database.api_keys)
        return
    engine = make_engine(request.getfixturevalue("database_url"), application_name="contract suite")
    migrate(engine)
    yield Store(lambda: PostgresUnitOfWork(engine), PostgresApiKeyStore(engine))
    engine.dispose()


def kept(store: Store, **changes: Any) -> ApiKey:  # noqa: ANN401
    plain = PlainKey.new()
    key = ApiKey(
        **{
            "id": plain.id,
            "tenant_id": DEFAULT_TENANT,
            "name": "a scanner ç",
            "scopes": frozenset({KeyScope.READ, KeyScope.WRITE}),
            "secret_sha256": plain.secret_sha256,
            "created_at": NOW,
            **changes,
        }
    )
    store.add(key)
    return key


def test_what_was_added_is_found_whole(store: Store) -> None:
    key = kept(store, expires_at=NOW + MINUTE)
    assert store.find(key.id) == key
    assert store.find(NOBODYS) is None


def test_a_key_that_was_not_committed_is_not_there(store: Store) -> None:
    key = kept(store)
    with store.transactions() as transaction:
        transaction.api_keys.add(replace(key, id=NOBODYS))
        assert transaction.api_keys.get(key.id) == key
    assert store.find(NOBODYS) is None
    with store.transactions() as transaction, pytest.raises(ApiKeyNotFound):
        transaction.api_keys.get(NOBODYS)


def test_keys_are_listed_newest_first_page_by_page(store: Store) -> None:
    keys = [kept(store) for _ in range(5)]
    newest_first = sorted(keys, key=lambda key: key.id, reverse=True)
    first = store.page(DEFAULT_TENANT, before=None, limit=2)
    assert list(first) == newest_first[:2]
    assert list(store.page(DEFAULT_TENANT, before=first[-1].id, limit=9)) == newest_first[2:]
    assert list(store.page(TenantId(new_uuid7()), before=None, limit=9)) == []


def test_the_first_revocation_counts(store: Store) -> None:
    key = kept(store)
    assert store.revoke(DEFAULT_TENANT, key.id, at=NOW).revoked_at == NOW
    assert store.revoke(DEFAULT_TENANT, key.id, at=NOW + MINUTE).revoked_at == NOW
    found = store.find(key.id)
    assert found is not None
    assert found.revoked_at == NOW


def test_nobody_revokes_an_unknown_key_or_that_of_another_tenant(store: Store) -> None:
    key = kept(store)
    for tenant_id, key_id in [(DEFAULT_TENANT, NOBODYS), (TenantId(new_uuid7()), key.id)]:
        with pytest.raises(ApiKeyNotFound):
            store.revoke(tenant_id, key_id, at=NOW)
    assert store.find(key.id) == key


def test_of_many_uses_one_is_noted(store: Store) -> None:
    key = kept(store)
    store.used(key.id, at=NOW, unless_since=NOW - MINUTE)
    store.used(key.id, at=NOW + MINUTE / 2, unless_since=NOW - MINUTE / 2)
    assert last_use(store, key) == NOW
    store.used(key.id, at=NOW + MINUTE, unless_since=NOW)
    assert last_use(store, key) == NOW + MINUTE


def test_there_is_a_valid_key_until_the_last_expires_or_is_revoked(store: Store) -> None:
    assert not store.has_valid(at=NOW)
    kept(store, expires_at=NOW + MINUTE)
    assert store.has_valid(at=NOW)
    assert not store.has_valid(at=NOW + MINUTE)
    lasting = kept(store)
    assert store.has_valid(at=NOW + MINUTE)
    store.revoke(DEFAULT_TENANT, lasting.id, at=NOW)
    assert not store.has_valid(at=NOW + MINUTE)


def test_keys_are_made_and_revoked_at_once(store: Store) -> None:
    def live(_: int) -> datetime | None:
        key = kept(store)
        store.used(key.id, at=NOW, unless_since=NOW - MINUTE)
        return store.revoke(DEFAULT_TENANT, key.id, at=NOW).revoked_at

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(live, range(40))) == [NOW] * 40
    assert len(store.page(DEFAULT_TENANT, before=None, limit=1000)) == 40


def last_use(store: Store, key: ApiKey) -> datetime | None:
    found = store.find(key.id)
    assert found is not None
    return found.last_used_at
