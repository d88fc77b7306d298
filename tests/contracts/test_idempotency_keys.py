"""What use cases may rely on of idempotency keys, in memory and on PostgreSQL alike."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from application.ports.unit_of_work import Transactions
from domain.errors import IdempotencyKeyReused, RequestInFlight
from domain.idempotent_request import IdempotentRequest
from domain.ids import DEFAULT_TENANT, JobId, new_uuid7
from infrastructure.postgres.engine import make_engine
from infrastructure.postgres.migrate import migrate
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from tests.support.in_memory_transactions import InMemoryDatabase

DAY = timedelta(days=1)
NO_TIME = timedelta()


@pytest.fixture(params=["in memory", "PostgreSQL"])
def transactions(request: pytest.FixtureRequest) -> Iterator[Transactions]:
    if request.param == "in memory":
        yield InMemoryDatabase()
        return
    engine = make_engine(request.getfixturevalue("database_url"), application_name="contract suite")
    migrate(engine)
    yield lambda: PostgresUnitOfWork(engine)
    engine.dispose()


def a_request(key: str = "k", *, says: bytes = b"a") -> IdempotentRequest:
    return IdempotentRequest(tenant_id=DEFAULT_TENANT, key=key, fingerprint=says)


def made(transactions: Transactions, request: IdempotentRequest, *, lifetime: timedelta = DAY) -> JobId | None:
    with transactions() as transaction:
        return transaction.idempotency_keys.take(request, lifetime=lifetime)


def make(transactions: Transactions, request: IdempotentRequest, *, lifetime: timedelta = DAY) -> JobId:
    job_id = JobId(new_uuid7())
    with transactions() as transaction:
        assert transaction.idempotency_keys.take(request, lifetime=lifetime) is None
        transaction.idempotency_keys.keep(request, job_id)
        transaction.commit()
    return job_id


def test_a_request_that_comes_again_finds_what_it_made(transactions: Transactions) -> None:
    job_id = make(transactions, a_request())
    assert made(transactions, a_request()) == job_id
    assert made(transactions, a_request("another")) is None


def test_what_was_not_committed_was_not_made(transactions: Transactions) -> None:
    with transactions() as transaction:
        transaction.idempotency_keys.take(a_request(), lifetime=DAY)
        transaction.idempotency_keys.keep(a_request(), JobId(new_uuid7()))
    assert made(transactions, a_request()) is None


def test_a_key_names_one_request(transactions: Transactions) -> None:
    make(transactions, a_request())
    with pytest.raises(IdempotencyKeyReused):
        made(transactions, a_request(says=b"b"))


def test_while_one_makes_it_others_are_told_so_and_do_not_wait(transactions: Transactions) -> None:
    with transactions() as first:
        assert first.idempotency_keys.take(a_request(), lifetime=DAY) is None
        with pytest.raises(RequestInFlight):
            made(transactions, a_request())
        assert made(transactions, a_request("another")) is None
        first.idempotency_keys.keep(a_request(), job_id := JobId(new_uuid7()))
        first.commit()
    assert made(transactions, a_request()) == job_id


def test_a_request_that_was_made_is_found_by_many_at_once(transactions: Transactions) -> None:
    job_id = make(transactions, a_request())
    with transactions() as first, transactions() as second:
        assert first.idempotency_keys.take(a_request(), lifetime=DAY) == job_id
        assert second.idempotency_keys.take(a_request(), lifetime=DAY) == job_id


def test_a_key_that_is_too_old_is_new(transactions: Transactions) -> None:
    make(transactions, a_request())
    again = make(transactions, a_request(says=b"b"), lifetime=NO_TIME)
    assert made(transactions, a_request(says=b"b")) == again
