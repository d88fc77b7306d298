"""What use cases may rely on of idempotency keys, in memory and on PostgreSQL alike."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from application.ports.unit_of_work import Transactions
from domain.errors import IdempotencyKeyReused, RequestInFlight
from domain.idempotent_request import IdempotentRequest, Made
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


def a_job() -> Made:
    return Made(job_id=JobId(new_uuid7()))


def made(transactions: Transactions, request: IdempotentRequest, *, lifetime: timedelta = DAY) -> Made | None:
    with transactions() as transaction:
        return transaction.idempotency_keys.take(request, lifetime=lifetime)


def make(transactions: Transactions, request: IdempotentRequest, *, lifetime: timedelta = DAY) -> Made:
    something = a_job()
    with transactions() as transaction:
        assert transaction.idempotency_keys.take(request, lifetime=lifetime) is None
        transaction.idempotency_keys.keep(request, something)
        transaction.commit()
    return something


def test_a_request_that_comes_again_finds_what_it_made(transactions: Transactions) -> None:
    something = make(transactions, a_request())
    assert made(transactions, a_request()) == something
    assert made(transactions, a_request("another")) is None


def test_what_was_not_committed_was_not_made(transactions: Transactions) -> None:
    with transactions() as transaction:
        transaction.idempotency_keys.take(a_request(), lifetime=DAY)
        transaction.idempotency_keys.keep(a_request(), a_job())
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
        first.idempotency_keys.keep(a_request(), something := a_job())
        first.commit()
    assert made(transactions, a_request()) == something


def test_a_request_that_was_made_is_found_by_many_at_once(transactions: Transactions) -> None:
    something = make(transactions, a_request())
    with transactions() as first, transactions() as second:
        assert first.idempotency_keys.take(a_request(), lifetime=DAY) == something
        assert second.idempotency_keys.take(a_request(), lifetime=DAY) == something


def test_a_key_that_is_too_old_is_new(transactions: Transactions) -> None:
    make(transactions, a_request())
    again = make(transactions, a_request(says=b"b"), lifetime=NO_TIME)
    assert made(transactions, a_request(says=b"b")) == again


def test_what_was_made_may_be_other_things_than_a_job(transactions: Transactions) -> None:
    things = Made(details={"document_id": "a", "version": 2, "inner": {"0": None}})
    with transactions() as transaction:
        transaction.idempotency_keys.take(a_request(), lifetime=DAY)
        transaction.idempotency_keys.keep(a_request(), things)
        transaction.commit()
    assert made(transactions, a_request()) == things


def test_what_may_make_more_has_its_key_to_itself(transactions: Transactions) -> None:
    something = make(transactions, a_request())
    with transactions() as first, transactions() as second:
        assert first.idempotency_keys.hold(a_request(), lifetime=DAY) == something
        with pytest.raises(RequestInFlight):
            second.idempotency_keys.hold(a_request(), lifetime=DAY)
        assert second.idempotency_keys.take(a_request(), lifetime=DAY) == something
        first.idempotency_keys.keep(a_request(), more := a_job())
        first.commit()
    assert made(transactions, a_request()) == more
