"""Callbacks from the request to the receiver: one for each end of a job, however it ends, and none for any other."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from domain.action import ActionStatus
from domain.callback import CALLBACK_DELAYS_SECONDS, MAX_CALLBACK_ATTEMPTS
from domain.ids import JobId
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from tests.support.actions_world import AWAY, BROKEN
from tests.support.callback_receiver import SECRET, Receiver, a_receiver, status
from tests.support.callback_stage import CallbackStage, a_callback_stage
from tests.support.processes import Workers, until

PATIENCE_SECONDS = 60


@pytest.fixture
def stage(engine: Engine) -> Iterator[CallbackStage]:
    with a_callback_stage(engine) as stage:
        yield stage


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with a_receiver() as receiver:
        yield receiver


def body_of(receiver: Receiver, number: int = -1) -> Any:  # noqa: ANN401
    return json.loads(receiver.received[number].body)


def test_the_end_of_a_job_is_told_with_its_status_object(stage: CallbackStage, receiver: Receiver) -> None:
    job = stage.start_with(receiver.url, "draw", "simulate")
    for number in (0, 1):
        assert stage.callbacks == []
        stage.claim(job, number)
        stage.complete(job, number, rows=number)
    stage.deliver()

    told = body_of(receiver)
    as_asked = stage.status(job)
    assert (told["type"], told["timestamp"], told["results_left_out"]) == (
        *("job.completed", as_asked["completed_at"]),
        False,
    )
    assert told["data"] == as_asked | {"document_id": None}
    [received] = receiver.received
    assert received.is_signed()
    sent_at = datetime.fromtimestamp(int(received.headers["webhook-timestamp"]), UTC)
    assert abs((sent_at - datetime.now(UTC)).total_seconds()) < PATIENCE_SECONDS
    [callback] = stage.callbacks
    assert (callback.status, callback.result) == (
        ActionStatus.COMPLETED,
        {"job_id": job["job_id"], "status": 204},
    )


def test_a_job_without_a_callback_is_told_nowhere(stage: CallbackStage) -> None:
    job = stage.start("draw")
    stage.claim(job, 0)
    stage.complete(job, 0)
    assert stage.callbacks == []


def test_a_job_that_fails_is_told_so_and_not_before(stage: CallbackStage, receiver: Receiver) -> None:
    job = stage.start_with(receiver.url, "draw")
    stage.claim(job, 0)
    stage.fail(job, 0, AWAY)
    assert stage.callbacks == [], "it waits for another attempt"
    stage.claim(job, 0)
    stage.fail(job, 0, BROKEN)
    stage.deliver()
    assert (body_of(receiver)["type"], body_of(receiver)["data"]["actions"][0]["error"]["code"]) == (
        *("job.failed", "corrupt"),
    )


def test_a_job_that_is_cancelled_is_told_so(stage: CallbackStage, receiver: Receiver) -> None:
    job = stage.start_with(receiver.url, "draw", "draw")
    stage.client.post(f"/api/v1/jobs/{job['job_id']}/cancel")
    stage.deliver()
    assert [body_of(receiver)["type"], len(receiver.received)] == ["job.cancelled", 1]


def test_a_job_whose_worker_was_lost_for_good_is_told_so(stage: CallbackStage, receiver: Receiver) -> None:
    job = stage.start_with(receiver.url, "draw")
    stage.claim(job, 0)
    stage.sql("UPDATE job_actions SET lease_until = now() - interval '1 second', crashes = 2")
    assert stage.reap() == 1
    stage.deliver()
    assert body_of(receiver)["data"]["actions"][0]["error"]["code"] == "worker_lost"


def test_an_end_that_was_rolled_back_is_told_nowhere(stage: CallbackStage, receiver: Receiver) -> None:
    job = stage.start_with(receiver.url, "draw")
    with PostgresUnitOfWork(stage.engine) as transaction:
        locked = transaction.jobs.lock(JobId(job["job_id"]))
        transaction.jobs.save(locked.cancel(now=transaction.now()))
    assert (stage.status(job)["status"], stage.callbacks) == ("pending", [])


def test_of_actions_that_end_at_once_the_last_tells_once(stage: CallbackStage, receiver: Receiver) -> None:
    job = stage.start_with(receiver.url, *["draw"] * 8)
    for number in range(8):
        stage.claim(job, number)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: stage.complete(job, number), range(8)))
    stage.deliver()
    assert (len(receiver.received), body_of(receiver)["data"]["message"]) == (1, "8 of 8")


def test_a_receiver_that_is_down_is_tried_by_the_schedule_with_one_id(stage: CallbackStage, receiver: Receiver) -> None:
    job = stage.start_with(receiver.url, "draw")
    stage.client.post(f"/api/v1/jobs/{job['job_id']}/cancel")
    receiver.answer = status(500)
    waits = []
    for _ in range(MAX_CALLBACK_ATTEMPTS - 1):
        stage.deliver()
        [callback] = stage.callbacks
        assert callback.status is ActionStatus.PENDING
        waits.append((callback.due_at - stage.now()).total_seconds())
    for wait, planned in zip(waits, CALLBACK_DELAYS_SECONDS, strict=True):
        assert planned - PATIENCE_SECONDS < wait <= planned * 1.1
    assert all(shorter < longer for shorter, longer in pairwise(waits[1:]))

    receiver.answer = status(200)
    stage.deliver()
    assert len(receiver.received) == MAX_CALLBACK_ATTEMPTS
    assert len({received.message_id for received in receiver.received}) == 1
    assert all(received.is_signed() for received in receiver.received)
    assert stage.callbacks[0].status is ActionStatus.COMPLETED


def test_a_receiver_that_asks_for_time_gets_it(stage: CallbackStage, receiver: Receiver) -> None:
    job = stage.start_with(receiver.url, "draw")
    stage.client.post(f"/api/v1/jobs/{job['job_id']}/cancel")
    receiver.answer = status(429, Retry_After="600")
    stage.deliver()
    [callback] = stage.callbacks
    assert 600 - PATIENCE_SECONDS < (callback.due_at - stage.now()).total_seconds() <= 660


def test_what_was_never_taken_is_a_dead_letter_that_a_person_can_replay(
    stage: CallbackStage, receiver: Receiver
) -> None:
    job = stage.start_with(receiver.url + "?token=hunter2", "draw")
    stage.claim(job, 0)
    stage.complete(job, 0)
    receiver.answer = status(404)
    for _ in range(MAX_CALLBACK_ATTEMPTS):
        stage.deliver()
    assert stage.callbacks[0].status is ActionStatus.FAILED
    assert stage.status(job)["status"] == "completed", "its own status does not depend on it"

    [letter] = stage.client.get("/api/v1/queue/dead-letters").json()["items"]
    assert (
        letter["error"]["code"],
        f"127.0.0.1 answered 404 to the callback of job {job['job_id']}." in letter["error"]["message"],
    ) == (
        "callback_failed",
        True,
    )
    shown = stage.client.get("/api/v1/queue/jobs?queue=callbacks").text
    assert "hunter2" not in json.dumps(letter) + shown
    assert letter["job_id"] in shown

    receiver.answer = status(200)
    assert (
        stage.client.post("/api/v1/queue/dead-letters/retry", json={"code": "callback_failed"}).json()["retried"] == 1
    )
    stage.deliver()
    assert len({received.message_id for received in receiver.received}) == 1
    assert stage.callbacks[0].status is ActionStatus.COMPLETED


@pytest.mark.parametrize(
    ("code", "location", "told"), [(410, "", "callback_gone"), (307, "http://169.254.169.254/", "callback_failed")]
)
def test_who_is_gone_or_has_moved_is_told_in_the_error(
    stage: CallbackStage, receiver: Receiver, code: int, location: str, told: str
) -> None:
    job = stage.start_with(receiver.url, "draw")
    stage.client.post(f"/api/v1/jobs/{job['job_id']}/cancel")
    receiver.answer = status(code, Location=location)
    stage.deliver()
    [callback] = stage.callbacks
    assert callback.error
    assert (callback.error.code, callback.is_final) == (told, code == 410)


def test_a_job_that_is_retried_and_ends_again_is_told_again_with_another_id(
    stage: CallbackStage, receiver: Receiver
) -> None:
    job = stage.start_with(receiver.url, "draw")
    stage.claim(job, 0)
    stage.fail(job, 0, BROKEN)
    stage.deliver()
    stage.client.post(f"/api/v1/queue/jobs/{job['job_id']}/retry")
    stage.claim(job, 0)
    stage.complete(job, 0)
    stage.deliver()
    assert [body_of(receiver, number)["type"] for number in (0, 1)] == ["job.failed", "job.completed"]
    assert receiver.received[0].message_id != receiver.received[1].message_id


def test_an_end_that_was_overtaken_is_told_no_more(stage: CallbackStage, receiver: Receiver) -> None:
    job = stage.start_with(receiver.url, "draw")
    stage.claim(job, 0)
    stage.fail(job, 0, BROKEN)
    receiver.answer = status(500)
    stage.deliver()
    stage.client.post(f"/api/v1/queue/jobs/{job['job_id']}/retry")
    stage.deliver()
    stage.claim(job, 0)
    stage.complete(job, 0)
    receiver.answer = status(200)
    stage.deliver()
    assert [body_of(receiver, number)["type"] for number in range(len(receiver.received))] == [
        *("job.failed", "job.completed")
    ]
    first, second = stage.callbacks
    assert (first.result, second.result) == (
        {"job_id": job["job_id"], "status": None},
        {"job_id": job["job_id"], "status": 200},
    )


def test_results_that_are_too_large_are_left_out(stage: CallbackStage, receiver: Receiver) -> None:
    job = stage.start_with(receiver.url, "draw", "draw")
    stage.claim(job, 0)
    stage.complete(job, 0, rows="x" * 300_000)
    stage.claim(job, 1)
    stage.complete(job, 1, rows=3)
    stage.deliver()
    told = body_of(receiver)
    assert (told["results_left_out"], [a["result"] for a in told["data"]["actions"]]) == (True, [None, None])
    assert len(receiver.received[0].body) < 10_000


@pytest.mark.parametrize(
    "url",
    ["ftp://example.org", "example.org", "http://10.0.0.1/", "http://user:hunter2@example.org/", "http://[::1]/", ""],
)
def test_a_url_that_cannot_be_called_is_refused_at_once(stage: CallbackStage, url: str) -> None:
    answer = stage.client.post("/api/v1/jobs", json={"actions": [{"type": "draw"}], "callback_url": url})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "callback_refused")
    assert [error["pointer"] for error in problem["errors"]] == ["/callback_url"]
    assert "hunter2" not in answer.text
    assert stage.count("SELECT count(*) FROM jobs") == 0


@pytest.mark.parametrize("url", [5, ["http://example.org"], "http://example.org/" + "a" * 3000, "http://a\0"])
def test_what_is_no_url_is_an_invalid_field(stage: CallbackStage, url: object) -> None:
    answer = stage.client.post("/api/v1/jobs", json={"actions": [{"type": "draw"}], "callback_url": url})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


def test_clients_do_not_see_the_delivery_as_a_job_of_theirs(stage: CallbackStage, receiver: Receiver) -> None:
    job = stage.start_with(receiver.url, "draw")
    stage.client.post(f"/api/v1/jobs/{job['job_id']}/cancel")
    [callback] = stage.callbacks
    assert stage.client.get(f"/api/v1/jobs/{callback.job_id}/status").status_code == 404
    assert stage.client.get(f"/api/v1/queue/jobs/{callback.job_id}").status_code == 200


def test_a_worker_that_is_killed_while_it_delivers_is_followed_by_one_that_does(
    engine: Engine, redis_url: str, tmp_path: Path, stage: CallbackStage, receiver: Receiver
) -> None:
    url = engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    workers = Workers(engine=engine, database_url=url, redis_url=redis_url, folder=tmp_path)
    killed = threading.Event()

    def hold(handler: BaseHTTPRequestHandler) -> None:
        """Answer the first only when its sender is dead."""
        if len(receiver.received) == 1:
            killed.wait(PATIENCE_SECONDS)
        status(200)(handler)

    receiver.answer = hold
    settings = {"WEBHOOK_SECRET": SECRET, "CALLBACK_PRIVATE_NETWORKS": "127.0.0.0/8"}
    command = ["-m", "tests.support.actions_worker", "callbacks"]
    try:
        first = workers.start("first", command=[*command, "first"], **settings)
        job = stage.start_with(receiver.url, "draw")
        stage.client.post(f"/api/v1/jobs/{job['job_id']}/cancel")
        until(lambda: receiver.received, seconds=PATIENCE_SECONDS)
        first.kill()
        first.wait()
        killed.set()
        workers.start("second", command=[*command, "second"], **settings)
        # The schedule waits for five seconds after a worker that was lost.
        until(lambda: stage.callbacks[0].is_final, seconds=PATIENCE_SECONDS)
    finally:
        killed.set()
        workers.end()
    assert stage.callbacks[0].status is ActionStatus.COMPLETED
    assert (len(receiver.received), len({received.message_id for received in receiver.received})) == (2, 1)
    assert all(received.is_signed() for received in receiver.received)
