"""What the cache remembers."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sqlalchemy import Engine, create_engine, text

from infrastructure.postgres.embedding_cache import PostgresEmbeddingCache
from infrastructure.postgres.migrate import migrate
from tests.stored_documents import unit


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    migrate(engine)
    yield engine
    engine.dispose()


def test_what_was_put_is_got_bit_for_bit_and_the_rest_is_not(engine: Engine) -> None:
    cache = PostgresEmbeddingCache(engine)
    known = {bytes([n]) * 32: unit(1.0 + n, 0.3, -2.0) for n in range(10)}
    assert cache.get("m", list(known)) == {}
    cache.put("m", {})
    cache.put("m", known)
    found = cache.get("m", [*known, b"?" * 32])
    assert found.keys() == known.keys()
    assert all(np.array_equal(found[key], known[key]) and found[key].dtype == np.float32 for key in known)
    assert cache.get("another model", list(known)) == {}
    assert cache.get("m", []) == {}


def test_what_is_there_stays(engine: Engine) -> None:
    cache = PostgresEmbeddingCache(engine)
    cache.put("m", {b"k" * 32: unit(1.0, 0.0)})
    cache.put("m", {b"k" * 32: unit(0.0, 1.0), b"l" * 32: unit(0.0, 1.0)})
    assert np.array_equal(cache.get("m", [b"k" * 32])[b"k" * 32], unit(1.0, 0.0))
    assert len(cache.get("m", [b"l" * 32])) == 1


def test_use_is_noted_once_a_day(engine: Engine) -> None:
    cache = PostgresEmbeddingCache(engine)
    cache.put("m", {b"k" * 32: unit(1.0, 0.0)})
    with engine.begin() as connection:
        connection.execute(text("UPDATE embedding_cache SET used_at = now() - interval '2 days'"))
    cache.get("m", [b"k" * 32])
    with engine.connect() as connection:
        assert connection.execute(text("SELECT used_at > now() - interval '1 hour' FROM embedding_cache")).scalar_one()


def test_many_may_put_the_same_at_once(engine: Engine) -> None:
    cache = PostgresEmbeddingCache(engine)
    vectors = [(bytes([n]) * 32, unit(1.0, float(n))) for n in range(100)]

    def put(turn: int) -> None:
        cache.put("m", dict(vectors if turn % 2 else reversed(vectors)))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(put, range(12)))
    assert len(cache.get("m", [key for key, _ in vectors])) == 100
