"""Long operations over HTTP on the real database, by the names and fields that their clients know."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from domain.report import Report
from infrastructure.postgres.run_ledger import PostgresRunLedger
from tests.support.actions_world import BROKEN, Actions, an_actions_world
from tests.support.api import PUBLIC_URL

START = "/api/v1/operations/simulate/start"


@pytest.fixture
def world(engine: Engine) -> Iterator[Actions]:
    with an_actions_world(engine) as world:
        yield world


def started(world: Actions) -> Any:  # noqa: ANN401
    """Start it, and return it as a job of several actions is."""
    job_id = world.client.post(START).json()["job_id"]
    return world.client.get(f"/api/v1/jobs/{job_id}/status").json()


def result(world: Actions, job: Any, operation: str = "simulate", *, expect: int = 200) -> Any:  # noqa: ANN401
    answer = world.client.get(f"/api/v1/operations/{operation}/result/{job['job_id']}")
    assert answer.status_code == expect, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("body", "seconds"), [(None, 35), ({}, 35), ({"duration_seconds": 1}, 1), ({"duration_seconds": 300}, 300)]
)
def test_an_operation_is_started_with_a_body_or_without(world: Actions, body: object, seconds: int) -> None:
    answer = world.client.post(START, json=body) if body is not None else world.client.post(START)
    told = answer.json()
    url = f"{PUBLIC_URL}/api/v1/operations/simulate/result/{told['job_id']}"
    assert (answer.status_code, told.keys(), told["status"]) == (
        *(202, {"job_id", "status", "message", "created_at"}),
        "pending",
    )
    assert (answer.headers["Location"], answer.headers["Retry-After"]) == (url, "2")
    assert (told["created_at"][-1], url in told["message"]) == ("Z", True)
    assert world.sql("SELECT params FROM job_actions") == [({"duration_seconds": seconds},)]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"duration_seconds": 301}, "/duration_seconds"),
        ({"dados": 1}, "/dados"),
        ([], ""),
        ("simulate", ""),
    ],
)
def test_wrong_params_are_refused_with_their_place(world: Actions, body: object, pointer: str) -> None:
    answer = world.client.post(START, json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_an_operation_that_waits_has_no_progress(world: Actions) -> None:
    job = started(world)
    assert result(world, job) == {
        "job_id": job["job_id"],
        "status": "pending",
        "progress": 0,
        "message": "Waiting for a worker",
        "started_at": None,
    }


def test_an_operation_that_runs_tells_how_far_it_is(world: Actions) -> None:
    job = started(world)
    run = world.claim(job, 0).run
    PostgresRunLedger(world.engine).report(run, Report(progress=40, message="14 of 35 seconds"))
    told = result(world, job)
    assert (told["status"], told["progress"], told["message"]) == ("processing", 40, "14 of 35 seconds")
    assert told["started_at"].endswith("Z")


def test_an_operation_that_is_done_has_its_result_and_its_time(world: Actions) -> None:
    job = started(world)
    world.claim(job, 0)
    world.sql("UPDATE job_actions SET started_at = started_at - interval '35 seconds'")
    world.complete(job, 0, rows=3)
    told = result(world, job)
    assert told.keys() == {"job_id", "status", "result", "execution_time_seconds", "completed_at"}
    assert (told["status"], told["result"]) == ("completed", {"rows": 3})
    assert timedelta(seconds=35) <= timedelta(seconds=told["execution_time_seconds"]) < timedelta(seconds=40)


def test_an_operation_that_failed_says_why_in_a_sentence(world: Actions) -> None:
    job = started(world)
    world.claim(job, 0)
    world.fail(job, 0, BROKEN)
    told = result(world, job)
    assert told.keys() == {"job_id", "status", "error", "failed_at"}
    assert (told["status"], told["error"]) == ("failed", "It is damaged.")


def test_an_operation_that_was_cancelled_ends_for_those_who_follow_it(world: Actions) -> None:
    job = started(world)
    assert world.client.post(f"/api/v1/jobs/{job['job_id']}/cancel").status_code == 200
    told = result(world, job)
    assert (told["status"], told["error"]) == ("failed", "The operation was cancelled.")


@pytest.mark.parametrize("unknown", ["nothing", "draw", "cleanup", "index", "a%00b"])
def test_an_unknown_operation_is_not_found(world: Actions, unknown: str) -> None:
    for answer in (
        world.client.post(f"/api/v1/operations/{unknown}/start"),
        world.client.get(f"/api/v1/operations/{unknown}/result/0190a3b4-0000-7000-8000-000000000000"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "operation_not_found")
        assert answer.json()["detail"] == "There is no operation of this name. There are: other, simulate."


def test_a_job_of_something_else_is_not_found(world: Actions) -> None:
    assert result(world, started(world), "other", expect=404)["code"] == "job_not_found"
    for types in (("draw",), ("simulate", "simulate")):
        assert result(world, world.start(*types), expect=404)["code"] == "job_not_found"


def test_the_description_has_the_names_that_clients_are_generated_from(world: Actions) -> None:
    schema = world.client.get("/openapi.json").json()
    answers = schema["paths"]["/api/v1/operations/{operation}/result/{job_id}"]["get"]["responses"]["200"]
    names = {each["$ref"].rpartition("/")[2] for each in answers["content"]["application/json"]["schema"]["anyOf"]}
    assert names == {"JobStatusResponse", "JobResultResponse", "JobErrorResponse"}
    assert "JobStartResponse" in schema["components"]["schemas"]
