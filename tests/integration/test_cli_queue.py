"""`esteira queue` and `esteira jobs` against the API on the real database."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from application.ports.worker_registry import WorkerProcess
from domain.report import Report, Stage
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from infrastructure.postgres.worker_registry import PostgresWorkerRegistry
from interface.cli.app import create_cli
from tests.support.api_world import AWAY, CORRUPT, World, a_world
from tests.support.cli_process import services

QUEUE = "document_processing"
WORKER = WorkerProcess(name="w1", queue=QUEUE, host="here", pid=7)


@pytest.fixture
def world(engine: Engine) -> Iterator[World]:
    with a_world(engine) as world:
        yield world


def on_terminal(world: World, *arguments: str) -> str:
    """Return what a person would read on a terminal of the usual 80 columns, without its colours."""
    shown = run(world, *arguments, FORCE_COLOR="1", NO_COLOR="", COLUMNS="80", TERM="xterm").stdout
    return re.sub(r"\x1b\[[0-9;]*m", "", shown)


def run(world: World, *arguments: str, **environment: str) -> Result:
    environment |= {"ESTEIRA_SERVER": str(world.client.base_url)}
    return CliRunner(env=environment).invoke(create_cli(services(Path("samples"))), arguments)


def test_info_counts_each_queue(world: World) -> None:
    world.run(world.job(), CORRUPT)
    world.job()
    result = run(world, "queue", "info")
    assert result.exit_code == 0
    line = next(line for line in result.stdout.splitlines() if line.startswith(QUEUE))
    assert re.fullmatch(rf"{QUEUE}\t1\t0\t0\t0\t1\t0\t0\t\S+ s\t", line)
    assert "100.0% failed in the last 24 hours." in result.stderr
    assert "Redis does not answer" in result.stderr
    assert json.loads(run(world, "queue", "info", "--json").stdout)["queues"][QUEUE]["failed"] == 1


def test_info_on_a_terminal_has_headings(world: World) -> None:
    shown = on_terminal(world, "queue", "info")
    assert re.search(rf"^queue +artifacts +callbacks +cleanup_tasks +{QUEUE} +long_operations$", shown, re.MULTILINE)
    assert re.search(r"^queued +0 +0 +0 +0 +0$", shown, re.MULTILINE)
    assert max(map(len, shown.splitlines())) <= 80


def test_bad_health_is_told_with_what_to_do_and_exit_code_1(world: World) -> None:
    assert run(world, "queue", "health").exit_code == 0
    world.job()
    result = run(world, "queue", "health")
    assert result.exit_code == 1
    assert re.search(rf"^{QUEUE}\tstarved\tWork waits and no worker lives\. Start one", result.stdout, re.MULTILINE)
    assert "database\tok\n" in result.stdout
    as_json = run(world, "queue", "health", "--json")
    assert (as_json.exit_code, json.loads(as_json.stdout)["healthy"]) == (1, False)
    assert "starved" in on_terminal(world, "queue", "health")


def test_workers_are_listed_with_what_they_do(world: World) -> None:
    assert "There are no workers." in run(world, "queue", "workers").stderr
    PostgresWorkerRegistry(world.engine).seen(WORKER)
    PostgresWorkerRegistry(world.engine).seen(replace(WORKER, name="w2"))
    world.run(world.job("plan\x1b[2J.pdf"))
    first, second = run(world, "queue", "workers").stdout.splitlines()
    assert re.match(rf"w1\t{QUEUE}\there 7\tbusy\tindex plan\ufffd\[2J\.pdf \(0%, attempt 1\)\t2", first)
    assert re.match(rf"w2\t{QUEUE}\there 7\tidle\t\t\t2", second)
    shown = on_terminal(world, "queue", "workers")
    assert re.search(r"^w1 .*busy .*index plan\ufffd\[2J\.pdf .*attempt 1\) +\d+ s +\d+ s$", shown, re.MULTILINE)


def test_a_queue_is_paused_and_resumed(world: World) -> None:
    paused = run(world, "queue", "pause", QUEUE)
    assert (paused.exit_code, f"{QUEUE} is paused since" in paused.stderr) == (0, True)
    assert re.search(rf"^{QUEUE}\t.*\tpaused$", run(world, "queue", "info").stdout, re.MULTILINE)
    assert json.loads(run(world, "queue", "resume", QUEUE, "--json").stdout)["paused"] is False
    unknown = run(world, "queue", "pause", "a b é")
    assert (unknown.exit_code, "(queue_not_found)" in unknown.stderr) == (1, True)


def test_jobs_are_listed_and_filtered(world: World) -> None:
    failed, waiting = world.run(world.job("a.pdf"), CORRUPT), world.job("b.pdf")
    listed = run(world, "jobs", "list").stdout.splitlines()
    assert re.fullmatch(rf"{waiting.id}\tpending\tindex b\.pdf\t\S+\t", listed[0])
    assert re.fullmatch(rf"{failed.id}\tfailed\tindex a\.pdf\t\S+\tcorrupt", listed[1])
    assert run(world, "jobs", "list", "--status", "failed").stdout.startswith(str(failed.id))
    assert "There are none." in run(world, "jobs", "list", "--queue", "artifacts").stderr
    assert "There are more: --cursor " in run(world, "jobs", "list", "--limit", "1").stderr
    assert len(json.loads(run(world, "jobs", "list", "--json").stdout)["items"]) == 2
    assert run(world, "jobs", "list", "--status", "asleep").exit_code == 2


def test_ids_of_jobs_stay_whole_on_a_terminal_however_long_the_names_are(world: World) -> None:
    failed = world.run(world.job(f"{'scan-' * 30}42.pdf"), CORRUPT)
    for command in ("list", "dead-letters"):
        shown = on_terminal(world, "jobs", command)
        assert re.search(rf"^{failed.id} .*corrupt$", shown, re.MULTILINE)
        assert re.search(r"index .*…\S*42\.pdf", shown)
        assert max(map(len, shown.splitlines())) <= 80


def test_a_job_is_shown_with_its_timeline(world: World) -> None:
    job = world.run(world.job(), AWAY)
    again = world.run(job, worker="w2")
    with PostgresUnitOfWork(world.engine) as transaction:
        world.report(again, Report().enter(Stage.EXTRACTING, at=transaction.now()))
    shown = run(world, "jobs", "show", str(job.id))
    assert shown.exit_code == 0
    assert re.search(r"^status +processing *$", shown.stdout, re.MULTILINE)
    assert re.search(rf"^status_url +\S+/{job.document_id}/status$", shown.stdout, re.MULTILINE)
    times = r"\t\S+Z\t\d+ ms"
    assert re.search(
        rf"^waiting{times}\t1\t\t\nrunning{times}\t1\tw1\tstorage_unavailable\n"
        rf"waiting{times}\t2\t\t\nrunning{times}\t2\tw2\t\n· extracting{times}\t2\tw2\t$",
        shown.stdout,
        re.MULTILINE,
    )
    assert len(json.loads(run(world, "jobs", "show", str(job.id), "--json").stdout)["actions"][0]["timeline"]) == 5
    assert re.search(
        r"stage +.*since +.*took +.*attempt +.*worker +.*error", on_terminal(world, "jobs", "show", str(job.id))
    )


def test_jobs_are_cancelled_and_retried(world: World) -> None:
    waiting, failed = world.job(), world.run(world.job(), CORRUPT)
    assert re.search(r"status +cancelled", run(world, "jobs", "cancel", str(waiting.id)).stdout)
    late = run(world, "jobs", "cancel", str(waiting.id))
    assert (late.exit_code, "(already_final)" in late.stderr) == (1, True)
    assert re.search(r"status +pending", run(world, "jobs", "retry", str(failed.id)).stdout)
    unknown = run(world, "jobs", "show", str(uuid4()))
    assert (unknown.exit_code, "(job_not_found)" in unknown.stderr) == (1, True)
    assert run(world, "jobs", "show", "nonsense").exit_code == 2


def test_dead_letters_are_listed(world: World) -> None:
    jobs = [world.run(world.job(f"{number}.pdf"), CORRUPT) for number in range(2)]
    assert "There are none." in run(world, "jobs", "dead-letters", "--code", "empty").stderr
    newest = run(world, "jobs", "dead-letters").stdout.splitlines()[0]
    assert re.fullmatch(rf"{jobs[1].id}\tindex 1\.pdf\t\S+\tcorrupt", newest)


def test_dead_letters_are_replayed_to_the_last(engine: Engine) -> None:
    with a_world(engine, replay_limit=2) as world:
        for _ in range(5):
            world.run(world.job(), CORRUPT)
        replayed = run(world, "jobs", "replay", "--code", "corrupt")
        assert "There are none." in run(world, "jobs", "dead-letters").stderr
    assert (replayed.exit_code, replayed.stderr.splitlines()[-1]) == (0, "5 jobs started anew.")
    assert "2 jobs started anew, 3 to go" in replayed.stderr


@pytest.mark.parametrize("command", [("queue", "info"), ("queue", "health"), ("jobs", "list")])
def test_without_a_server_it_is_told_how_to_start_one(command: tuple[str, ...]) -> None:
    result = CliRunner(env={"ESTEIRA_SERVER": None}).invoke(create_cli(services(Path("samples"))), command)
    assert result.exit_code == 1
    assert "No server is running here. Start one by `esteira dev`" in result.stderr


def test_an_address_that_is_none_is_wrong_usage() -> None:
    command = create_cli(services(Path("samples")))
    assert CliRunner().invoke(command, ["queue", "info", "--server", "nonsense"]).exit_code == 2
