"""Jobs of several actions over HTTP on the real database, run step by step as workers do."""

import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import Engine

from domain.cleanup import CLEANUP, CLEANUP_QUEUE
from domain.ids import JobId
from domain.job import new_task_job
from domain.nesting import MAX_LEVELS
from domain.report import Report
from infrastructure.postgres.run_ledger import PostgresRunLedger
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from tests.support.actions_world import AWAY, BROKEN, Actions, an_actions_world
from tests.support.api import PUBLIC_URL
from tests.support.hostile_json import job_bodies


@pytest.fixture
def actions(engine: Engine) -> Iterator[Actions]:
    with an_actions_world(engine) as world:
        yield world


def post(actions: Actions, body: object, headers: Mapping[str, str] = MappingProxyType({})) -> httpx.Response:
    """Send also what httpx would not write."""
    headers = {"Content-Type": "application/json", **headers}
    return actions.client.post("/api/v1/jobs", content=json.dumps(body), headers=headers)


def refused(actions: Actions, body: object) -> tuple[int, str, list[str]]:
    answer = post(actions, body)
    found = answer.json()
    return answer.status_code, found["code"], [error["pointer"] for error in found["errors"]]


def test_a_job_is_started_with_its_actions_in_order(actions: Actions) -> None:
    answer = actions.client.post(
        "/api/v1/jobs",
        json={"actions": [{"type": "simulate"}, {"type": "draw", "params": {"a": [1]}}, {"type": "simulate"}]},
    )
    body = answer.json()
    url = f"{PUBLIC_URL}/api/v1/jobs/{body['job_id']}/status"
    assert (answer.status_code, body["status"], body["status_url"]) == (202, "pending", url)
    assert (answer.headers["Location"], answer.headers["Retry-After"]) == (url, "2")
    assert [(a["type"], a["status"]) for a in body["actions"]] == [
        *(("simulate", "pending"), ("draw", "pending"), ("simulate", "pending"))
    ]
    assert actions.api.relay_wakes == 1
    with PostgresUnitOfWork(actions.engine) as transaction:
        job = transaction.jobs.lock(JobId(UUID(body["job_id"])))
    assert [(str(a.id), a.queue, dict(a.params)) for a in job.actions] == [
        (body["actions"][0]["action_id"], "long_operations", {"duration_seconds": 35}),
        (body["actions"][1]["action_id"], "artifacts", {"a": [1]}),
        (body["actions"][2]["action_id"], "long_operations", {"duration_seconds": 35}),
    ]


def test_the_status_tells_of_each_action_and_of_all(actions: Actions) -> None:
    job = actions.start("simulate", "draw", "draw", "draw", "draw")
    waiting = actions.status(job)
    assert (waiting["status"], waiting["progress"], waiting["message"]) == ("pending", 0, "0 of 5")
    assert (waiting["started_at"], waiting["completed_at"]) == (None, None)

    run = actions.claim(job, 0).run
    PostgresRunLedger(actions.engine).report(run, Report(progress=50, message="5 of 10 seconds"))
    actions.claim(job, 1)
    actions.complete(job, 1, rows=3)

    moving = actions.status(job)
    assert (moving["status"], moving["progress"], moving["message"]) == ("processing", 30, "1 of 5")
    first, second = moving["actions"][:2]
    assert (first["status"], first["progress"], first["message"]) == ("processing", 50, "5 of 10 seconds")
    assert (second["status"], second["result"], second["attempt"]) == ("completed", {"rows": 3}, 1)
    assert second["started_at"] <= second["completed_at"]


def test_an_action_that_fails_leaves_the_others_alone(actions: Actions) -> None:
    job = actions.start("draw", "draw")
    actions.claim(job, 0)
    actions.fail(job, 0, BROKEN)
    assert [a["status"] for a in actions.status(job)["actions"]] == ["failed", "pending"]
    actions.claim(job, 1)
    actions.complete(job, 1)

    ended = actions.status(job)

    assert (ended["status"], ended["progress"], ended["message"]) == ("failed", 100, "2 of 2")
    assert ended["actions"][0]["error"] == {"code": "corrupt", "message": "It is damaged.", "retryable": False}
    assert ended["completed_at"] == ended["actions"][1]["completed_at"]


def test_an_action_that_is_tried_again_counts_its_attempts(actions: Actions) -> None:
    job = actions.start("draw")
    actions.claim(job, 0)
    actions.fail(job, 0, AWAY)
    (action,) = actions.status(job)["actions"]
    assert (action["status"], action["attempt"], action["error"]["retryable"]) == ("pending", 1, True)


def test_who_has_the_state_already_is_told_so(actions: Actions) -> None:
    job = actions.start("draw")
    path = job["status_url"].removeprefix(PUBLIC_URL)
    first = actions.client.get(path)
    known = {"If-None-Match": first.headers["ETag"]}
    again = actions.client.get(path, headers=known)
    assert (first.headers["Retry-After"], again.status_code, again.headers["ETag"], again.content) == (
        *("2", 304),
        *(first.headers["ETag"], b""),
    )
    actions.claim(job, 0)
    assert actions.client.get(path, headers=known).status_code == 200
    actions.complete(job, 0)
    assert "Retry-After" not in actions.client.get(path).headers


def test_a_job_is_cancelled_once(actions: Actions) -> None:
    job = actions.start("draw", "draw")
    actions.claim(job, 0)
    cancelled = actions.client.post(f"/api/v1/jobs/{job['job_id']}/cancel")
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "processing")
    assert [a["status"] for a in cancelled.json()["actions"]] == ["processing", "cancelled"]
    actions.change(job, 0, lambda a: a.cancel(now=actions.now()))
    again = actions.client.post(f"/api/v1/jobs/{job['job_id']}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "already_final")


@pytest.mark.parametrize("unknown", ["nothing", CLEANUP, "index", ""])
def test_a_type_that_clients_cannot_start_is_refused_with_those_that_they_can(actions: Actions, unknown: str) -> None:
    body = {"actions": [{"type": "draw"}, {"type": unknown}]}
    code = "unknown_action_type" if unknown else "invalid_request"
    assert refused(actions, body) == (422, code, ["/actions/1/type"])
    detail = actions.client.post("/api/v1/jobs", json=body).json()["detail"]
    assert not unknown or detail == "There is no such action type: send one of draw, other, simulate."
    assert actions.api.relay_wakes == 0


@pytest.mark.parametrize(
    ("action", "pointer"),
    [
        ({"type": "simulate", "params": {"duration_seconds": 0}}, "/actions/1/params/duration_seconds"),
        ({"type": "simulate", "params": {"duration_seconds": "5"}}, "/actions/1/params/duration_seconds"),
        ({"type": "simulate", "params": {"duration": 5}}, "/actions/1/params/duration"),
        ({"type": "simulate", "params": []}, "/actions/1/params"),
        ({"type": "draw", "params": {"a": [{"b": "x\0"}]}}, "/actions/1/params"),
        ({"type": "draw", "params": {"a\ud800": 1}}, "/actions/1/params"),
        ({"type": "draw", "parameters": {}}, "/actions/1/parameters"),
        ({"params": {}}, "/actions/1/type"),
        ("draw", "/actions/1"),
    ],
)
def test_wrong_params_are_refused_with_their_place(actions: Actions, action: object, pointer: str) -> None:
    assert refused(actions, {"actions": [{"type": "draw"}, action]}) == (422, "invalid_request", [pointer])


@pytest.mark.parametrize("count", [0, 101])
def test_a_job_has_one_to_a_hundred_actions(actions: Actions, count: int) -> None:
    assert refused(actions, {"actions": [{"type": "draw"}] * count}) == (422, "invalid_request", ["/actions"])


def nested(levels: int) -> object:
    value: object = 1
    for _ in range(levels):
        value = {"a": value}
    return value


def test_what_is_as_deep_as_it_may_be_is_shown_when_it_is_done(actions: Actions) -> None:
    body = {"actions": [{"type": "draw", "params": nested(MAX_LEVELS)}]}
    job = post(actions, body, {"Idempotency-Key": "deep"}).json()
    actions.claim(job, 0)
    actions.complete(job, 0, result=nested(MAX_LEVELS))
    assert actions.status(job)["status"] == "completed"
    assert post(actions, body, {"Idempotency-Key": "deep"}).json() == job


@pytest.mark.parametrize("levels", [MAX_LEVELS + 1, 300, 800])
def test_what_is_deeper_is_refused_as_no_answer_could_show_it(actions: Actions, levels: int) -> None:
    body = {"actions": [{"type": "draw", "params": nested(levels)}]}
    for headers in ({}, {"Idempotency-Key": "deep"}):
        answer = post(actions, body, headers)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/actions/0/params")
    answer = actions.client.post("/api/operacao-longa", json={"dados": nested(levels)})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/dados")


@pytest.mark.parametrize("depth", [50, 500, 900, 5000, 100_000])
def test_params_of_any_depth_are_answered(actions: Actions, depth: int) -> None:
    body = '{"actions":[{"type":"draw","params":{"a":' + "[" * depth + "]" * depth + "}}]}"
    answer = actions.client.post("/api/v1/jobs", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {202, 400, 422}, answer.text
    if answer.status_code == 202:
        assert actions.status(answer.json())["status"] == "pending"


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=job_bodies())
def test_whatever_is_let_in_can_be_stored_and_shown(actions: Actions, body: Any) -> None:  # noqa: ANN401
    answer = post(actions, body)
    assert answer.status_code in {202, 400, 422}, answer.text
    if answer.status_code == 202:
        assert actions.status(answer.json())["status"] == "pending"


@pytest.mark.parametrize("job_id", ["0190a3b4-0000-7000-8000-000000000000", "nonsense"])
def test_an_unknown_job_is_not_found(actions: Actions, job_id: str) -> None:
    for answer in (
        actions.client.get(f"/api/v1/jobs/{job_id}/status"),
        actions.client.post(f"/api/v1/jobs/{job_id}/cancel"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "job_not_found")


def test_a_task_of_those_who_run_the_server_is_not_told_of_here(actions: Actions) -> None:
    with PostgresUnitOfWork(actions.engine) as transaction:
        now = transaction.now()
        job = new_task_job(action_type=CLEANUP, queue=CLEANUP_QUEUE, params={}, max_attempts=1, now=now)
        transaction.jobs.add(job)
        transaction.commit()
    assert actions.client.get(f"/api/v1/jobs/{job.id}/status").status_code == 404
    assert actions.client.post(f"/api/v1/jobs/{job.id}/cancel").status_code == 404
