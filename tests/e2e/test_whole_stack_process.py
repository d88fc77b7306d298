"""The processes of a stack: how they start, who else may join, what is left when they end."""

import os
import pwd
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from sqlalchemy import make_url

from infrastructure.postgres.engine import make_engine
from infrastructure.postgres.migrate import require_schema
from tests.support.esteira_client import EsteiraClient
from tests.support.processes import until
from tests.support.program import DEV, ROOT, WORKER, Program, environment, running_program
from tests.support.running_stack import RunningStack, running_stack
from tests.support.stack_processes import processes_of, wait_until_gone

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="READS /proc: LEFT-OVER PROCESSES ARE NOT LOOKED FOR")
PATIENCE_SECONDS = 120
MIGRATE = ("-m", "bootstrap.command", "migrate")
ENOUGH_DOCUMENTS = 100
NOBODY = pwd.getpwnam("nobody")
with_whole_stack = pytest.mark.xdist_group("whole stack")


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "a folder" / "of its own"


@pytest.fixture(autouse=True)
def _folder(data_dir: Path) -> None:
    data_dir.parent.mkdir()


def run(
    arguments: tuple[str, ...], data_dir: Path, folder: Path, **settings: str
) -> "subprocess.CompletedProcess[str]":
    """Run a program that is to end by itself."""
    return subprocess.run(
        [sys.executable, *arguments],
        env=environment(data_dir, settings),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def sentence(result: "subprocess.CompletedProcess[str]") -> str:
    """The one line that it says before it gives up."""
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    return line


def completes_a_document(stack: RunningStack) -> str:
    with httpx.Client(base_url=stack.url, timeout=60) as http:
        status = EsteiraClient(http=http).ingest("note.txt", b"The lighthouse keeper counts the ships.")
    assert status["status"] == "completed"
    return str(status["document_id"])


# Who may not start


@with_whole_stack
def test_a_second_stack_on_the_same_data_is_refused(whole_stack: RunningStack, tmp_path: Path) -> None:
    result = run(DEV, whole_stack.data_dir, tmp_path)
    assert result.returncode == 1
    said = sentence(result)
    assert f"{whole_stack.data_dir} is already in use by process {whole_stack.program.process.pid}" in said
    assert "`make worker` adds a worker" in said
    assert "ESTEIRA_DATA_DIR" in said
    assert httpx.get(f"{whole_stack.url}/api/ready").status_code == 200


def test_a_port_in_use_is_named_and_nothing_is_started(data_dir: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run(DEV, data_dir, tmp_path, ESTEIRA_PORT=str(port))
    assert result.returncode == 1
    assert f"Port {port} is in use. Stop the program that has it, or choose another by ESTEIRA_PORT." in sentence(
        result
    )
    assert not data_dir.exists()


def test_a_worker_without_a_stack_says_what_to_start(data_dir: Path, tmp_path: Path) -> None:
    for options in ((), ("--all",), ("--burst",)):
        result = run((*WORKER, *options), data_dir, tmp_path)
        assert result.returncode == 1
        assert sentence(result) == f"Nothing is running in {data_dir}: start it with `make dev` first."
    assert not data_dir.exists()


@pytest.mark.parametrize(
    ("options", "about"),
    [(("--queue", "nonsense"), "document_processing"), (("--all", "--cleanup"), "--cleanup"), (("extra",), "extra")],
)
def test_wrong_options_of_the_worker_are_wrong_usage(
    data_dir: Path, tmp_path: Path, options: tuple[str, ...], about: str
) -> None:
    result = run((*WORKER, *options), data_dir, tmp_path)
    assert result.returncode == 2
    assert about in result.stderr
    assert "Traceback" not in result.stderr


def test_a_wrong_setting_is_named(data_dir: Path, tmp_path: Path) -> None:
    for arguments in (DEV, WORKER):
        result = run(arguments, data_dir, tmp_path, ESTEIRA_CHUNK_TOKENS="many")
        assert result.returncode == 2
        assert "ESTEIRA_CHUNK_TOKENS" in result.stderr
        assert "Traceback" not in result.stderr


def test_a_database_of_ones_own_is_migrated_without_a_stack_or_redis(
    database_url: str, data_dir: Path, tmp_path: Path
) -> None:
    result = run(MIGRATE, data_dir, tmp_path, ESTEIRA_DATABASE_URL=database_url)
    assert (result.returncode, result.stderr) == (0, "")
    require_schema(make_engine(database_url, application_name="test", pool_size=0))


@pytest.mark.parametrize("command", [MIGRATE, WORKER])
def test_a_database_that_refuses_is_quoted(
    database_url: str, data_dir: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    nowhere = make_url(database_url).set(database="nowhere").render_as_string(hide_password=False)
    result = run(command, data_dir, tmp_path, ESTEIRA_DATABASE_URL=nowhere, ESTEIRA_REDIS_URL="redis://127.0.0.1:1")
    assert result.returncode == 1
    assert 'database "nowhere" does not exist' in sentence(result)


# Who may join


@with_whole_stack
def test_another_worker_attaches_takes_work_and_leaves(
    whole_stack: RunningStack, client: EsteiraClient, tmp_path: Path
) -> None:
    options = ("--name", "a second pair of hands", "--verbose")
    with running_program((*WORKER, *options), whole_stack.data_dir, folder=tmp_path) as worker:
        worker.said("worker is ready")
        assert any(who_processed(whole_stack, client) == "a second pair of hands" for _ in range(ENOUGH_DOCUMENTS))
        assert "a second pair of hands" in whole_stack.workers()
        assert worker.stop(signal.SIGTERM) == 0
    assert "a second pair of hands" not in whole_stack.workers()
    assert client.ingest("after.txt", b"Work goes on without it.")["status"] == "completed"


def who_processed(stack: RunningStack, client: EsteiraClient) -> str:
    """Which worker takes a document, by the timeline. Of those who wait, whoever waits longest has its turn."""
    job_id = client.ingest("sheaf.txt", b"A sheaf of the harvest.")["job_id"]
    assert stack.addresses.database_url
    query = "SELECT detail->>'worker' FROM events WHERE job_id::text = %s AND kind = 'processing'"
    with psycopg.connect(stack.addresses.database_url) as connection:
        ((worker,),) = connection.execute(query, [job_id]).fetchall()
    return str(worker)


@with_whole_stack
def test_a_worker_in_a_burst_ends_when_the_queue_is_empty(whole_stack: RunningStack, tmp_path: Path) -> None:
    result = run((*WORKER, "--cleanup", "--burst", "--name", "brief"), whole_stack.data_dir, tmp_path)
    assert result.returncode == 0
    assert "Traceback" not in result.stderr
    assert "brief" not in whole_stack.workers()


# What is left


@on_linux
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_stack_that_is_stopped_ends_quietly_and_leaves_no_process(
    data_dir: Path, tmp_path: Path, number: signal.Signals
) -> None:
    with running_stack(data_dir, folder=tmp_path) as stack:
        completes_a_document(stack)
        pids = whole_family(data_dir)
        assert end(stack.program, number) == 0, stack.program.output
        wait_until_gone(data_dir, pids)
        stack.program.ended()
        assert "Traceback" not in stack.program.output
    assert not list(data_dir.glob("esteira-run-*"))


@on_linux
def test_a_stack_whose_owner_is_killed_leaves_no_process_and_starts_again_with_its_data(
    data_dir: Path, tmp_path: Path
) -> None:
    with running_stack(data_dir, folder=tmp_path) as stack:
        document_id = completes_a_document(stack)
        pids = whole_family(data_dir)
        assert end(stack.program, signal.SIGKILL) == -signal.SIGKILL
        wait_until_gone(data_dir, pids)
    with running_stack(data_dir, folder=tmp_path) as stack, httpx.Client(base_url=stack.url, timeout=60) as http:
        client = EsteiraClient(http=http)
        assert client.status(document_id)["status"] == "completed"
        assert [found["document_id"] for found in client.search("lighthouse keeper")] == [document_id]
        content = http.get(f"/api/v1/documents/{document_id}/content", follow_redirects=True)
        assert content.content == b"The lighthouse keeper counts the ships."
        completes_a_document(stack)


@on_linux
def test_a_stack_whose_servers_are_taken_away_ends_with_a_word(data_dir: Path, tmp_path: Path) -> None:
    with running_stack(data_dir, folder=tmp_path) as stack:
        processes = processes_of(data_dir)
        (supervisor,) = (pid for pid, line in processes.items() if "embedded/supervisor.py" in line)
        os.kill(supervisor, signal.SIGKILL)
        assert stack.program.ended() == 1
        wait_until_gone(data_dir, set(processes))
    assert "Start it again: the data is kept. (servers_lost)" in stack.program.output
    assert "Traceback" not in stack.program.output.partition("servers_lost")[2]


@on_linux
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_workers_whose_supervisor_died_or_froze_are_replaced(
    data_dir: Path, tmp_path: Path, number: signal.Signals
) -> None:
    short = {"ESTEIRA_LEASE_SECONDS": "2", "ESTEIRA_BEAT_SECONDS": "0.5", "ESTEIRA_HANG_SECONDS": "1"}
    with running_stack(data_dir, folder=tmp_path, ESTEIRA_GRACE_SECONDS="1", **short) as stack:
        completes_a_document(stack)
        before = {pid for pid, line in processes_of(data_dir).items() if "worker.py" in line}
        (supervisor,) = (pid for pid, line in processes_of(data_dir).items() if "worker.py --all" in line)
        os.kill(supervisor, number)
        until(lambda: not before & processes_of(data_dir).keys(), seconds=PATIENCE_SECONDS)
        completes_a_document(stack)


def whole_family(data_dir: Path) -> set[int]:
    """The owner, the servers and PostgreSQL's own, the supervisors, four workers, a parser: as the test expects."""
    found = processes_of(data_dir)
    for part in ("bootstrap.command dev", "embedded/supervisor.py", "bin/postgres", "redis-server"):
        assert any(part in line for line in found.values()), part
    for part in ("worker.py --all", "--queue document_processing", "--queue artifacts", "infrastructure.extraction"):
        assert any(part in line for line in found.values()), part
    return set(found)


def end(program: Program, number: signal.Signals) -> int:
    """As it comes: Ctrl-C to the whole group, as a terminal sends it, the others to the one process."""
    if number is signal.SIGINT:
        os.killpg(program.process.pid, number)
    else:
        program.process.send_signal(number)
    return program.process.wait(PATIENCE_SECONDS)


# Where it runs


@pytest.fixture
def folder_of_anyone() -> Iterator[Path]:
    """A folder of an ordinary user's; the tests' own are closed to all but the one who runs them."""
    with tempfile.TemporaryDirectory(prefix="anyone's folder ") as name:
        if os.geteuid() == 0:
            os.chown(name, NOBODY.pw_uid, NOBODY.pw_gid)
        yield Path(name)


def test_an_ordinary_user_with_the_plainest_locale_can_run_it(folder_of_anyone: Path) -> None:
    user = NOBODY.pw_uid if os.geteuid() == 0 else None
    surroundings = {"LC_ALL": "C", "LANG": "C", "HOME": str(folder_of_anyone)}
    if user and not may_read_the_tree(user):
        pytest.skip("THIS TREE IS CLOSED TO ORDINARY USERS: only root was seen to run it")
    data_dir = folder_of_anyone / "ação"
    with running_stack(data_dir, folder=folder_of_anyone, user=user, **surroundings) as stack:
        completes_a_document(stack)
        with httpx.Client(base_url=stack.url, timeout=60) as http:
            status = EsteiraClient(http=http).ingest("ação.txt", "A ação começou à tarde.".encode())
            assert EsteiraClient(http=http).text(status["document_id"]) == "A ação começou à tarde."
        assert stack.program.stop(signal.SIGTERM) == 0
    owner = NOBODY.pw_uid if user else os.geteuid()
    assert {path.stat().st_uid for path in [data_dir, *data_dir.iterdir()]} == {owner}


def may_read_the_tree(user: int) -> bool:
    reading = subprocess.run(
        [sys.executable, "-c", "import bootstrap.whole_stack, bootstrap.working"],
        env={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd="/",
        user=user,
        group=user,
        extra_groups=[],
        capture_output=True,
        check=False,
    )
    return reading.returncode == 0
