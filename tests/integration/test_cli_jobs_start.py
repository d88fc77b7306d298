"""`esteira jobs start` against the API on the real database."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from interface.cli.app import create_cli
from tests.support.actions_world import BROKEN, Actions, an_actions_world
from tests.support.cli_process import services
from tests.support.processes import until


@pytest.fixture
def world(engine: Engine) -> Iterator[Actions]:
    with an_actions_world(engine) as world:
        yield world


def run(world: Actions, *arguments: str) -> Result:
    environment = {"ESTEIRA_SERVER": str(world.client.base_url)}
    return CliRunner(env=environment).invoke(create_cli(services(Path())), ["jobs", "start", *arguments])


def waiting(world: Actions) -> list[dict[str, object]]:
    rows = world.sql("SELECT id, job_id FROM job_actions WHERE status = 'pending'")
    return [{"job_id": job_id, "actions": [{"action_id": str(action_id)}]} for action_id, job_id in rows]


@contextmanager
def worker(world: Actions, work: Callable[[dict[str, object]], object]) -> Iterator[None]:
    """Do that to the job once it is there."""

    def serve() -> None:
        until(lambda: waiting(world), seconds=60)
        work(waiting(world)[0])

    thread = Thread(target=serve)
    thread.start()
    yield
    thread.join()


def test_a_job_is_followed_to_its_result(world: Actions) -> None:
    def complete(job: dict[str, object]) -> None:
        world.claim(job, 0)
        world.complete(job, 0, duration_seconds=3, note="as asked")

    with worker(world, complete):
        result = run(world, "simulate", "--param", "duration_seconds=3")
    told = set(result.stdout.splitlines())
    assert (result.exit_code, told) == (0, {"duration_seconds  3", "note              as asked"})
    assert world.sql("SELECT params FROM job_actions") == [({"duration_seconds": 3},)]


def test_a_failed_job_is_told_with_exit_code_1(world: Actions) -> None:
    def fail(job: dict[str, object]) -> None:
        world.claim(job, 0)
        world.fail(job, 0, BROKEN)

    with worker(world, fail):
        result = run(world, "simulate", "--json")
    assert (result.exit_code, json.loads(result.stdout)["status"]) == (1, "failed")
    assert f"{BROKEN.message} ({BROKEN.code})" in result.stderr


def test_a_job_may_be_left_alone(world: Actions) -> None:
    result = run(world, "other", "--no-follow", "--json", "--param", "name=a=b", "--param", 'list=["x", 1]')
    started = json.loads(result.stdout)
    assert (result.exit_code, started["actions"][0]["type"], started["status"]) == (0, "other", "pending")
    assert world.sql("SELECT params, job_id::text FROM job_actions") == [
        ({"name": "a=b", "list": ["x", 1]}, started["job_id"])
    ]


@pytest.mark.parametrize(
    ("arguments", "exit_code", "told"),
    [
        (["nothing"], 1, "unknown_action_type"),
        (["simulate", "--param", "duration_seconds=soon"], 1, "invalid_request"),
        (["simulate", "--param", "duration_seconds"], 2, "It looks like --param"),
        (["simulate", "--param", "=3"], 2, "It looks like --param"),
    ],
)
def test_what_cannot_be_started_is_told(world: Actions, arguments: list[str], exit_code: int, told: str) -> None:
    result = run(world, *arguments)
    assert (result.exit_code, told in result.stderr) == (exit_code, True), result.output
    assert world.sql("SELECT count(*) FROM jobs") == [(0,)]
