"""A request that is sent again makes nothing twice: over HTTP, on the real database."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from tests.support.actions_world import Actions, an_actions_world

JOBS = "/api/v1/jobs"
OPERATION = "/api/v1/operations/simulate/start"
BODY = {"actions": [{"type": "draw"}, {"type": "simulate", "params": {"duration_seconds": 5}}]}
CLIENTS = 200


@pytest.fixture
def world(engine: Engine) -> Iterator[Actions]:
    with an_actions_world(engine) as world:
        yield world


def post(world: Actions, path: str = JOBS, body: object = BODY, *, key: str = "k") -> httpx.Response:
    return world.client.post(path, json=body, headers={"Idempotency-Key": key})


def jobs(world: Actions) -> int:
    return int(world.sql("SELECT count(*) FROM jobs")[0][0])


@pytest.mark.parametrize(("path", "body"), [(JOBS, BODY), (OPERATION, {"duration_seconds": 5}), (OPERATION, {})])
def test_the_same_request_gets_the_same_answer(world: Actions, path: str, body: Any) -> None:  # noqa: ANN401
    first = post(world, path, body)
    world.sql("UPDATE job_actions SET status = 'completed', completed_at = now()")
    again = post(world, path, dict(reversed(body.items())))
    assert (first.status_code, again.status_code, again.content) == (202, 202, first.content)
    for name in ("Location", "Retry-After"):
        assert again.headers[name] == first.headers[name]
    assert ("Idempotency-Replayed" in first.headers, again.headers["Idempotency-Replayed"]) == (False, "true")
    assert (jobs(world), world.api.relay_wakes) == (1, 1)


def test_without_a_key_each_request_is_a_new_one(world: Actions) -> None:
    assert len({world.client.post(JOBS, json=BODY).json()["job_id"] for _ in range(2)}) == 2
    assert len({post(world, key=key).json()["job_id"] for key in ("a", "b")}) == 2


def test_a_key_in_quotes_is_the_same_key(world: Actions) -> None:
    assert post(world, key='"k"').json() == post(world).json()


@pytest.mark.parametrize(
    ("path", "body"),
    [(JOBS, {"actions": [{"type": "draw"}]}), (OPERATION, BODY["actions"][1]["params"]), (OPERATION, {})],
)
def test_a_key_of_another_request_is_refused(world: Actions, path: str, body: object) -> None:
    post(world)
    answer = post(world, path, body)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert jobs(world) == 1


def test_a_request_that_was_refused_has_used_up_no_key(world: Actions) -> None:
    assert post(world, body={"actions": [{"type": "nothing"}]}).status_code == 422
    assert post(world).status_code == 202


def test_while_a_request_is_carried_out_the_same_one_is_told_to_come_again(world: Actions) -> None:
    lock = "SELECT pg_advisory_xact_lock(hashtextextended('idempotency ' || id || ' k', 0)) FROM tenants"
    with world.engine.begin() as elsewhere:
        elsewhere.exec_driver_sql(lock)
        answer = post(world)
        assert (answer.status_code, answer.json()["code"]) == (409, "request_in_flight")
        assert answer.headers["Retry-After"] == "1"
    assert post(world).status_code == 202


@pytest.mark.parametrize("key", ["", "a" * 256, "a b", '"a', "\u00e7".encode().decode("latin-1")])
def test_what_is_no_key_is_refused(world: Actions, key: str) -> None:
    answer = world.client.post(JOBS, json=BODY, headers={"Idempotency-Key": key.encode("latin-1")})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.json()["errors"][0]["pointer"] == "/Idempotency-Key"


def test_two_hundred_identical_requests_at_once_make_one_job(world: Actions) -> None:
    start = Barrier(CLIENTS)
    limits = httpx.Limits(max_connections=CLIENTS)
    with httpx.Client(base_url=world.client.base_url, timeout=60, limits=limits) as client:

        def send(_number: int) -> httpx.Response:
            start.wait()
            return client.post(JOBS, json=BODY, headers={"Idempotency-Key": "k"})

        with ThreadPoolExecutor(CLIENTS) as pool:
            answers = list(pool.map(send, range(CLIENTS)))

    codes = Counter(answer.status_code for answer in answers)
    assert codes.keys() <= {202, 409}
    made = [answer for answer in answers if answer.status_code == 202]
    assert len({answer.content for answer in made}) == 1
    assert [answer.headers.get("Idempotency-Replayed") for answer in made].count(None) == 1
    assert (jobs(world), world.api.relay_wakes) == (1, 1)
