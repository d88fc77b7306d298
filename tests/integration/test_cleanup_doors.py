"""Cleanup by HTTP, by command and from cron, on the real database, with a worker and without."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from application.ports.worker_registry import WorkerProcess
from domain.cleanup import CLEANUP_QUEUE
from domain.errors import JobNotFound
from infrastructure.postgres.task_reader import PostgresTaskReader
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from infrastructure.postgres.worker_registry import PostgresWorkerRegistry
from interface.cli.app import create_cli
from tests.support.api import PUBLIC_URL, Api
from tests.support.archive import Archive
from tests.support.cli_process import services
from tests.support.in_memory_blob_store import InMemoryBlobStore
from tests.support.program import ROOT, environment

LOST = "INSERT INTO postings (language, term, chunk, frequency, length) VALUES ('en', 'lost', 999, 1, 1)"


@pytest.fixture
def archive(engine: Engine, tmp_path: Path) -> Archive:
    return Archive(engine, InMemoryBlobStore(), tmp_path)


@pytest.fixture
def client(engine: Engine) -> Iterator[httpx.Client]:
    api = Api(transactions=lambda: PostgresUnitOfWork(engine), tasks=PostgresTaskReader(engine))
    with api.serve() as client:
        yield client


@contextmanager
def worker(archive: Archive) -> Iterator[None]:
    """Be a worker of the queue: tell of it, and run what waits."""
    process = WorkerProcess(name="w", queue=CLEANUP_QUEUE, host="h", pid=1)
    PostgresWorkerRegistry(archive.engine).seen(process)
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            with archive.transactions() as transaction:
                waiting = transaction.jobs.take_unsent(1, types=archive.types.keys())
                found = [transaction.jobs.lock(dispatch.action.job_id) for dispatch in waiting]
            for job in found:
                archive.work(job)
            ended.wait(0.05)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def esteira(client: httpx.Client, *arguments: str) -> Result:
    environment = {"ESTEIRA_SERVER": str(client.base_url)}
    return CliRunner(env=environment).invoke(create_cli(services(Path())), arguments)


def schedule(archive: Archive, data_dir: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    url = archive.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    settings = {"ESTEIRA_DATABASE_URL": url}
    command = [sys.executable, str(ROOT / "scripts" / "cleanup_scheduler.py"), *arguments]
    return subprocess.run(
        command, env=environment(data_dir, settings), cwd=data_dir, capture_output=True, text=True, check=False
    )


def ended(client: httpx.Client, url: str) -> dict[str, Any]:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        body: dict[str, Any] = client.get(url.removeprefix(PUBLIC_URL)).json()
        if body["status"] == "completed":
            return body
    raise AssertionError(body)


def test_a_cleanup_is_started_once_and_its_receipt_is_read(client: httpx.Client, archive: Archive) -> None:
    archive.sql(LOST)
    first = client.post("/api/v1/cleanup/orphans", json={"dry_run": True})
    again = client.post("/api/v1/cleanup/orphans", json={"dry_run": True})

    assert (first.status_code, again.json()) == (202, first.json())
    body = first.json()
    assert (body["status"], body["status_url"]) == ("pending", f"{PUBLIC_URL}/api/v1/cleanup/{body['job_id']}")
    assert (first.headers["Location"], first.headers["Retry-After"]) == (body["status_url"], "2")
    waiting = client.get(f"/api/v1/cleanup/{body['job_id']}").json()
    assert (waiting["status"], waiting["workers"], waiting["result"]) == ("pending", 0, None)

    with worker(archive):
        done = ended(client, body["status_url"])
    assert (done["workers"], done["progress"], done["message"]) == (1, 100, "1 would be removed, 0 left")
    swept = {each["kind"]: each["count"] for each in done["result"]["swept"]}
    assert swept == {"unpublished_passages": 0, "staged_objects": 0, "vectors_without_chunk": 1}
    assert client.post("/api/v1/cleanup/orphans", json={"dry_run": True}).json()["job_id"] != body["job_id"]


def test_what_is_no_cleanup_is_refused(client: httpx.Client, archive: Archive) -> None:
    assert client.post("/api/v1/cleanup/everything").status_code == 422
    assert client.post("/api/v1/cleanup/s3", json={"dryrun": True}).status_code == 422
    document = archive.ingest(b"all is well")
    job = archive.sql("SELECT job_id FROM documents WHERE id = :id", id=document.id)[0]
    for unknown in (job, "0190a3b4-0000-7000-8000-000000000000", "nonsense"):
        answer = client.get(f"/api/v1/cleanup/{unknown}")
        assert (answer.status_code, answer.json()["code"]) == (404, JobNotFound.code)


def test_the_command_follows_the_task_and_prints_the_receipt(client: httpx.Client, archive: Archive) -> None:
    archive.sql(LOST)
    with worker(archive):
        dry = esteira(client, "cleanup", "orphans", "--dry-run")
        done = esteira(client, "cleanup", "orphans", "--json")
    assert (dry.exit_code, done.exit_code) == (0, 0), dry.output + done.output
    assert "vectors without chunk" in dry.stdout
    assert "1 thing would be removed" in dry.stdout
    assert json.loads(done.stdout)["result"]["count"] == 1
    assert archive.sql("SELECT count(*) FROM postings") == [0]


def test_without_a_worker_the_command_says_how_to_start_one(client: httpx.Client, archive: Archive) -> None:
    result = esteira(client, "cleanup", "s3", "--wait", "0")
    assert result.exit_code == 1
    assert "worker-cleanup" in result.stderr
    assert archive.sql("SELECT status FROM jobs") == ["pending"]


def test_without_a_server_the_command_says_how_to_start_one() -> None:
    result = CliRunner().invoke(create_cli(services(Path())), ["cleanup", "s3"])
    assert result.exit_code == 1
    assert "esteira dev" in result.stderr


def test_cron_gets_one_line_and_zero(archive: Archive, tmp_path: Path) -> None:
    archive.sql(LOST)
    with worker(archive):
        ran = schedule(archive, tmp_path, "daily")
    assert ran.returncode == 0, ran.stderr
    (line,) = ran.stdout.splitlines()
    told = json.loads(line)
    assert (told["status"], told["task"], told["count"], told["dry_run"]) == ("completed", "daily", 1, False)


def test_cron_is_told_when_nobody_cleans_up(archive: Archive, tmp_path: Path) -> None:
    ran = schedule(archive, tmp_path, "s3", "--dry-run", "--wait", "0")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "worker.py --cleanup" in ran.stderr
    assert archive.sql("SELECT status FROM jobs") == ["pending"]
    assert schedule(archive, tmp_path, "everything").returncode == 2
