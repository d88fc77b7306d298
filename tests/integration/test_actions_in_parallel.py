"""Jobs of several actions, run by real worker processes of several queues, asked for and followed by HTTP."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from domain.job import ARTIFACTS_QUEUE
from infrastructure.postgres.job_reader import PostgresJobReader
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from tests.support.action_types import an_action_type, known_types
from tests.support.api import PUBLIC_URL, Api
from tests.support.processes import Workers, until

PATIENCE_SECONDS = 60
TYPES = {**known_types(), **{word: an_action_type(word) for word in ("meet", "break", "die")}}


@pytest.fixture
def workers(engine: Engine, redis_url: str, tmp_path: Path) -> Iterator[Workers]:
    url = engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    workers = Workers(engine=engine, database_url=url, redis_url=redis_url, folder=tmp_path)
    try:
        for queue, name in (("long_operations", "one"), ("long_operations", "two"), (ARTIFACTS_QUEUE, "three")):
            workers.start(name, command=["-m", "tests.support.actions_worker", queue, name])
        yield workers
    finally:
        workers.end()


@pytest.fixture
def client(engine: Engine) -> Iterator[httpx.Client]:
    api = Api(transactions=lambda: PostgresUnitOfWork(engine), jobs=PostgresJobReader(engine), action_types=TYPES)
    with api.serve() as client:
        yield client


def ended(client: httpx.Client, job: Any, *, when: Callable[[Any], bool] = lambda job: job["completed_at"]) -> Any:  # noqa: ANN401
    """Follow the job to its end, or until `when`."""
    path = job["status_url"].removeprefix(PUBLIC_URL)
    until(lambda: when(client.get(path).json()), seconds=PATIENCE_SECONDS)
    return client.get(path).json()


def test_five_actions_run_at_once_on_two_queues_and_one_that_fails_leaves_the_others_alone(
    workers: Workers, client: httpx.Client, tmp_path: Path
) -> None:
    together = tmp_path / "together"
    together.mkdir()
    # Two operations and a drawing wait for each other: none of them ends unless all three workers are at it.
    params = {"folder": str(together), "count": 3}
    actions = [
        {"type": "break"},
        {"type": "meet", "params": params},
        {"type": "meet", "params": params},
        {"type": "draw", "params": params},
        {"type": "simulate", "params": {"duration_seconds": 1}},
    ]
    job = ended(client, client.post("/api/v1/jobs", json={"actions": actions}).json())

    assert (job["status"], job["message"], job["progress"]) == ("failed", "5 of 5", 100)
    assert [a["status"] for a in job["actions"]] == ["failed", "completed", "completed", "completed", "completed"]
    assert job["actions"][0]["error"]["code"] == "corrupt"
    assert [a["attempt"] for a in job["actions"]] == [1] * 5
    assert job["actions"][4]["result"] == {"duration_seconds": 1}
    assert len(workers.started) == 3


def test_an_action_that_takes_its_worker_with_it_is_done_by_another(workers: Workers, client: httpx.Client) -> None:
    actions = [{"type": "die"}, {"type": "simulate", "params": {"duration_seconds": 2}}]
    job = ended(client, client.post("/api/v1/jobs", json={"actions": actions}).json())
    assert (job["status"], job["actions"][0]["attempt"], job["actions"][1]["attempt"]) == ("completed", 2, 1)
    until(lambda: sum(process.poll() is not None for process in workers.started) == 1, seconds=PATIENCE_SECONDS)


def test_five_actions_on_three_workers_survive_one_that_is_killed(
    workers: Workers, client: httpx.Client, tmp_path: Path
) -> None:
    simulate = {"type": "simulate", "params": {"duration_seconds": 4}}
    draw = {"type": "draw", "params": {"folder": str(tmp_path), "count": 1}}
    started = client.post(
        "/api/v1/jobs", json={"actions": [simulate, simulate, simulate, draw, {"type": "break"}]}
    ).json()
    # Both workers of the operations are at it: whichever goes takes an action with it.
    ended(client, started, when=lambda job: sum(a["status"] == "processing" for a in job["actions"][:3]) == 2)
    workers.started[0].kill()

    job = ended(client, started)

    assert [action["status"] for action in job["actions"]] == ["completed"] * 4 + ["failed"]
    assert [action["result"] for action in job["actions"][:3]] == [{"duration_seconds": 4}] * 3
    assert (job["status"], job["message"], job["progress"]) == ("failed", "5 of 5", 100)
    attempts = [action["attempt"] for action in job["actions"]]
    assert max(attempts[:3]) >= 2
    assert set(attempts) <= {1, 2, 3, 4}
    assert [process.poll() for process in workers.started[1:]] == [None, None]


def test_an_operation_tells_its_progress_and_is_cancelled_within_seconds(
    workers: Workers, client: httpx.Client
) -> None:
    assert len(workers.started) == 3
    started = client.post("/api/v1/operations/simulate/start", json={"duration_seconds": 300}).json()
    path = f"/api/v1/operations/simulate/result/{started['job_id']}"
    until(lambda: client.get(path).json().get("progress", 0) > 0, seconds=PATIENCE_SECONDS)
    assert client.get(path).json()["message"].endswith("of 300 seconds")
    client.post(f"/api/v1/jobs/{started['job_id']}/cancel")
    until(lambda: client.get(path).json()["status"] == "failed", seconds=10)
