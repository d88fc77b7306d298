"""Jobs over HTTP on the real database: the list, and a job with its timeline."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from domain.job import Job
from domain.report import Report, Stage
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from tests.support.api import PUBLIC_URL
from tests.support.api_world import AWAY, CORRUPT, World, a_world


@pytest.fixture
def world(engine: Engine) -> Iterator[World]:
    with a_world(engine) as world:
        yield world


def listed(world: World, **parameters: object) -> list[str]:
    return [item["job_id"] for item in world.get("jobs", **parameters)["items"]]


def only_action(world: World, job: Job) -> Any:  # noqa: ANN401
    (action,) = world.get(f"jobs/{job.id}")["actions"]
    return action


def told(action: Any) -> list[tuple[object, ...]]:  # noqa: ANN401
    return [(s["stage"], s["attempt"], s["worker"], s["error_code"]) for s in action["timeline"]]


def working(world: World, job: Job, *stages: Stage) -> None:
    """Tell that the run entered these stages and left all but the last."""
    with PostgresUnitOfWork(world.engine) as transaction:
        at = transaction.now()
    report = Report()
    for stage in stages:
        report = report.enter(stage, at=at)
        at += timedelta(milliseconds=250)
        if stage is not stages[-1]:
            report = report.leave(stage, at=at)
    world.report(job, report)


def test_jobs_are_listed_newest_first_with_their_actions(world: World) -> None:
    first, second = world.run(world.job("a.pdf"), CORRUPT), world.job("b.pdf")

    newest, oldest = world.get("jobs")["items"]

    assert (newest["job_id"], newest["filename"], newest["status"]) == (str(second.id), "b.pdf", "pending")
    assert (oldest["job_id"], oldest["filename"], oldest["status"]) == (str(first.id), "a.pdf", "failed")
    assert oldest["status_url"] == f"{PUBLIC_URL}/api/v1/documents/{first.document_id}/status"
    (action,) = oldest["actions"]
    assert (action["type"], action["queue"], action["attempt"], action["worker"]) == (
        *("index", "document_processing"),
        *(1, "w1"),
    )
    assert action["error"] == {"code": "corrupt", "message": "It is damaged.", "retryable": False}
    assert "params" not in action


def test_jobs_are_found_by_state_queue_and_document(world: World) -> None:
    waiting, failed = world.job(), world.run(world.job(), CORRUPT)
    assert listed(world, status="failed") == [str(failed.id)]
    assert listed(world, queue="document_processing") == [str(failed.id), str(waiting.id)]
    assert listed(world, queue="artifacts") == []
    assert listed(world, document_id=waiting.document_id) == [str(waiting.id)]
    assert listed(world, document_id=waiting.document_id, status="failed") == []


def test_jobs_come_in_pages(world: World) -> None:
    jobs = [str(world.job().id) for _ in range(5)]
    found: list[str] = []
    cursor: dict[str, object] = {}
    while True:
        page = world.get("jobs", limit=2, queue="document_processing", **cursor)
        found += [item["job_id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert found == jobs[::-1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"cursor": "x"},
        {"cursor": "YQ"},
        {"cursor": "z" * 101},
        {"status": "sleeping"},
        {"queue": "a\0b"},
        {"queue": "x" * 101},
        {"document_id": "nonsense"},
        {"limit": 0},
        {"limit": 1001},
    ],
)
def test_what_cannot_be_asked_is_refused(world: World, wrong: dict[str, object]) -> None:
    answer = world.client.get("/api/v1/queue/jobs", params={name: str(value) for name, value in wrong.items()})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


def test_a_cursor_of_another_list_is_refused(world: World) -> None:
    for _ in range(2):
        world.run(world.job(), CORRUPT)
    of_letters = world.get("dead-letters", limit=1)["next_cursor"]
    assert world.get("jobs", expect=422, cursor=of_letters)["code"] == "invalid_request"


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(parameters=st.dictionaries(st.sampled_from(["status", "queue", "document_id", "cursor"]), st.text()))
def test_whatever_is_asked_is_answered_or_refused(world: World, parameters: dict[str, str]) -> None:
    sendable = {name: value.encode(errors="surrogatepass") for name, value in parameters.items()}
    assert world.client.get("/api/v1/queue/jobs", params=sendable).status_code in {200, 422}


@pytest.mark.parametrize("job_id", ["0190a3b4-0000-7000-8000-000000000000", "nonsense", "a%00b"])
def test_an_unknown_job_is_not_found(world: World, job_id: str) -> None:
    assert world.get(f"jobs/{job_id}", expect=404)["code"] == "job_not_found"


def test_a_job_tells_each_stage_of_each_attempt(world: World) -> None:
    job = world.job()
    first = world.run(job, worker="first")
    working(world, first, Stage.EXTRACTING, Stage.EMBEDDING)
    second = world.run(world.fail(first, AWAY), worker="second")
    working(world, second, Stage.EXTRACTING, Stage.EMBEDDING, Stage.STORING)
    with PostgresUnitOfWork(world.engine) as transaction:
        second = transaction.jobs.lock(job.id)
    world.complete(second, result={"chunks": 3})

    action = only_action(world, job)

    assert (action["status"], action["result"], action["error"]) == ("completed", {"chunks": 3}, None)
    assert told(action) == [
        ("waiting", 1, None, None),
        ("running", 1, "first", "storage_unavailable"),
        ("extracting", 1, "first", None),
        ("embedding", 1, "first", None),
        ("waiting", 2, None, None),
        ("running", 2, "second", None),
        ("extracting", 2, "second", None),
        ("embedding", 2, "second", None),
        ("storing", 2, "second", None),
    ]
    assert [s["milliseconds"] for s in action["timeline"] if s["stage"] == "extracting"] == [250, 250]
    assert all(stage["ended_at"] for stage in action["timeline"])
    assert action["timeline"][1]["error_message"] == "The store is away."


def test_a_run_that_lasts_has_no_end_and_counts_up(world: World) -> None:
    job = world.run(world.job())
    working(world, job, Stage.EXTRACTING)
    world.sql("UPDATE events SET at = at - interval '2 seconds' WHERE kind = 'processing'")
    *_, running, extracting = only_action(world, job)["timeline"]
    assert (running["stage"], running["ended_at"], extracting["ended_at"]) == ("running", None, None)
    assert running["milliseconds"] >= 2000


def test_a_retry_by_a_person_goes_on_with_the_timeline(world: World) -> None:
    job = world.run(world.job(), CORRUPT)
    world.post(f"jobs/{job.id}/retry", expect=202)
    world.run(job, worker="again")
    assert told(only_action(world, job)) == [
        ("waiting", 1, None, None),
        ("running", 1, "w1", "corrupt"),
        ("waiting", 1, None, None),
        ("running", 1, "again", None),
    ]


def test_a_cancel_that_was_asked_for_is_no_stage(world: World) -> None:
    job = world.run(world.job())
    world.post(f"jobs/{job.id}/cancel")
    action = only_action(world, job)
    assert action["cancel_requested"]
    assert [stage["stage"] for stage in action["timeline"]] == ["waiting", "running"]


def test_a_job_outlives_its_document(world: World) -> None:
    job = world.run(world.job(), CORRUPT)
    assert world.client.delete(f"/api/v1/documents/{job.document_id}").status_code == 200
    shown = world.get(f"jobs/{job.id}")
    assert (shown["document_id"], shown["filename"], shown["status"]) == (str(job.document_id), None, "failed")
    assert listed(world) == [str(job.id)]
