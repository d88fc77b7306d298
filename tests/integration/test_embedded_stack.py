"""The embedded stack, with real servers and real owners."""

import contextlib
import json
import os
import pwd
import select
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
import sqlalchemy

from domain.errors import EsteiraError
from infrastructure.embedded.account import choose_account, lend_passage
from infrastructure.embedded.data_directory import DataDirectory
from infrastructure.embedded.errors import (
    DataDirectoryUnusable,
    OtherPostgresMajor,
    ServerDidNotStart,
    StackAlreadyOwned,
    StackNotRunning,
)
from infrastructure.embedded.programs import find_postgres_programs
from infrastructure.embedded.readiness import READY_SECONDS
from infrastructure.embedded.stack import EmbeddedStack, StackAddresses, attach

ROOT = Path(__file__).resolve().parents[2]
OWNER = ROOT / "tests" / "support" / "own_stack.py"
DEADLINE = 60.0

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be two users")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and pidfd")


# What the tests stand on


def command(*arguments: str) -> list[str]:
    return [sys.executable, str(OWNER), *arguments]


def environment(**changes: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", **changes}


@contextlib.contextmanager
def owner_process(data_dir: Path, *statements: str) -> Iterator[tuple["subprocess.Popen[bytes]", dict[str, Any]]]:
    """An owner in a process group of its own, as a shell would start it, once it is up.

    Its supervisor shares its standard error: that stream ends when both have.
    """
    process = subprocess.Popen(
        command(str(data_dir), *statements),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        process_group=0,
    )
    with process:
        try:
            yield process, first_line(process)
        finally:
            process.kill()
            process.communicate(timeout=DEADLINE)


def first_line(process: "subprocess.Popen[bytes]") -> dict[str, Any]:
    assert process.stdout is not None
    assert select.select([process.stdout], [], [], DEADLINE)[0], "the owner says nothing"
    answer: dict[str, Any] = json.loads(process.stdout.readline())
    return answer


def run_once(data_dir: Path, *arguments: str, user: pwd.struct_passwd | None = None, **changes: str) -> dict[str, Any]:
    """Own it (or attach) in another process that ends by itself; return what it said. Nothing may be on stderr."""
    result = subprocess.run(
        command(str(data_dir), *(arguments or ("--once",))),
        capture_output=True,
        env=environment(**changes),
        check=False,
        timeout=2 * DEADLINE,
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
        cwd="/",
    )
    assert result.stderr.decode() == ""
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def processes_of(data_dir: Path) -> list[str]:
    """Every process that was started with this folder or works in it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ")
            inside = (process / "cwd").readlink().is_relative_to(data_dir)
            mine = process.name == str(os.getpid())
            if (inside or os.fsencode(data_dir) in line) and not mine:
                found.append(f"{process.name} {line.decode(errors='replace')}")
    return found


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        threading.Event().wait(0.01)


def wait_for_end(pidfd: int) -> None:
    try:
        assert select.select([pidfd], [], [], DEADLINE)[0], "the process lives on"
    finally:
        os.close(pidfd)


def query(addresses: StackAddresses, statement: str) -> Any:  # noqa: ANN401 (whatever the statement gives)
    assert addresses.database_url is not None
    with psycopg.connect(addresses.database_url) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchone()[0] if cursor.description else None  # type: ignore[index]


def ping(addresses: StackAddresses) -> object:
    assert addresses.redis_url is not None
    with redis.Redis.from_url(addresses.redis_url) as client:
        return client.ping()


# Up, and up again


def test_a_stack_has_pgvector_and_redis_and_keeps_its_data(tmp_path: Path) -> None:
    with EmbeddedStack.own(tmp_path / "data") as stack:
        query(stack.addresses, "CREATE EXTENSION vector")
        query(stack.addresses, "CREATE TABLE kept AS SELECT '[1,2]'::vector AS v")
        assert ping(stack.addresses)
    with EmbeddedStack.own(tmp_path / "data") as stack:
        assert query(stack.addresses, "SELECT v::text FROM kept") == "[1,2]"
        assert ping(stack.addresses)
    assert sorted(path.name for path in (tmp_path / "data").iterdir() if not path.name.startswith("stack.")) == [
        *("postgres", "postgres.log", "postgres.log.1", "redis.log", "redis.log.1"),
    ]


def test_the_cluster_is_set_up_as_the_application_needs_it(stack: EmbeddedStack, database_url: str) -> None:
    settings = ("server_encoding", "fsync", "timezone", "data_checksums", "listen_addresses", "max_connections")
    shown = [query(stack.addresses, f"SHOW {name}") for name in settings]
    assert shown == ["UTF8", "on", "UTC", "on", "", "100"]
    assert query(stack.addresses, "SELECT datlocprovider FROM pg_database WHERE datname = 'esteira'") == "b"
    engine = sqlalchemy.create_engine(database_url)
    with engine.connect() as connection:
        assert connection.scalar(sqlalchemy.text("SELECT count(*) FROM pg_class WHERE relname = 'documents'")) == 0
    engine.dispose()


def test_redis_refuses_to_evict_and_takes_no_port(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.config_get("port") == {"port": "0"}
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("save") == {"save": ""}


def test_only_the_user_gets_to_the_sockets(stack: EmbeddedStack) -> None:
    folder = Path(query(stack.addresses, "SHOW unix_socket_directories").strip('"'))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_one_server_can_be_wanted_without_the_other(tmp_path: Path) -> None:
    with EmbeddedStack.own(tmp_path, want_postgres=False) as stack:
        assert stack.addresses.database_url is None
        assert ping(stack.addresses)
        assert not (tmp_path / "postgres").exists()
    with EmbeddedStack.own(tmp_path, want_redis=False) as stack:
        assert stack.addresses.redis_url is None
        assert query(stack.addresses, "SELECT 1") == 1


@pytest.mark.parametrize("name", ["com espaço e acentuação", "l" * 120, "a,b \"c\" 'd' %41&x=1+#?"])
def test_any_path_will_do(tmp_path: Path, name: str) -> None:
    with EmbeddedStack.own(tmp_path / name) as stack:
        assert query(stack.addresses, "SELECT 1") == 1
        assert ping(stack.addresses)
        assert stack.addresses.database_url is not None
        engine = sqlalchemy.create_engine(stack.addresses.database_url)
        with engine.connect() as connection:
            assert connection.scalar(sqlalchemy.text("SELECT 1")) == 1
        engine.dispose()
        assert attach(tmp_path / name) == stack.addresses


@pytest.mark.parametrize("locale", ["C", "tr_TR.UTF-8", "de_DE.ISO-8859-1", "no such locale"])
def test_the_locale_and_the_variables_of_libpq_change_nothing(tmp_path: Path, locale: str) -> None:
    statements = ("SELECT lower('AÇÕES I'), to_tsvector('simple', 'AÇÕES')::text, current_setting('client_encoding')",)
    answer = run_once(
        tmp_path / "dados é",
        *("--once", *statements),
        LC_ALL=locale,
        LANG=locale,
        PGPORT="1",
        PGDATA="/nowhere",
        PGUSER="x",
        PGDATABASE="y",
    )
    assert answer["rows"] == [["ações i", "'ações':1", "UTF8"]]


# One owner


def test_a_second_owner_is_told_who_has_it_and_what_to_do(tmp_path: Path) -> None:
    with EmbeddedStack.own(tmp_path) as stack:
        with pytest.raises(StackAlreadyOwned) as refused, EmbeddedStack.own(tmp_path):
            pass
        assert refused.value.owner_pid == os.getpid()
        answer = run_once(tmp_path)
        assert answer["code"] == "stack_already_owned"
        assert f"process {os.getpid()}" in answer["detail"]
        assert "make worker" in answer["detail"]
        assert ping(stack.addresses)
        assert query(stack.addresses, "SELECT 1") == 1


def test_another_process_attaches_and_learns_of_the_api(tmp_path: Path) -> None:
    with EmbeddedStack.own(tmp_path) as stack:
        stack.publish(api_url="http://localhost:8000")
        addresses = StackAddresses(**run_once(tmp_path, "--attach")["addresses"])
        assert addresses == stack.addresses
        assert addresses.api_url == "http://localhost:8000"
        assert ping(addresses)
        assert query(addresses, "SELECT 1") == 1


def test_attaching_needs_a_living_owner(tmp_path: Path) -> None:
    with pytest.raises(StackNotRunning, match="make dev"):
        attach(tmp_path / "new")
    assert not (tmp_path / "new").exists()
    with EmbeddedStack.own(tmp_path, want_postgres=False):
        published = (tmp_path / "stack.json").read_text()
    (tmp_path / "stack.json").write_text(published)
    with pytest.raises(StackNotRunning, match="make dev"):
        attach(tmp_path)


def test_attaching_waits_for_an_owner_that_is_starting(tmp_path: Path) -> None:
    directory = DataDirectory.open(tmp_path, create=True)
    lock = directory.take()
    attached: list[StackAddresses] = []
    thread = threading.Thread(target=lambda: attached.append(attach(tmp_path)))
    thread.start()
    directory.write_addresses({"redis_url": "unix:///there"})
    thread.join(DEADLINE)
    os.close(lock)
    assert attached == [StackAddresses(redis_url="unix:///there")]


# The end


@on_linux
@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_no_process_outlives_its_owner(tmp_path: Path, ending: signal.Signals) -> None:
    with owner_process(tmp_path, "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (7)") as (owner, answer):
        sockets = Path(answer["addresses"]["redis_url"].removeprefix("unix://").split("?")[0]).parent
        os.killpg(owner.pid, ending)  # as the terminal does it for Ctrl-C
        owner.communicate(timeout=DEADLINE)
    assert processes_of(tmp_path) == []
    assert not sockets.exists()
    assert not (tmp_path / "stack.json").exists()
    with EmbeddedStack.own(tmp_path) as stack:
        assert query(stack.addresses, "SELECT n FROM kept") == 7
    assert "automatic recovery" not in (tmp_path / "postgres.log").read_text(), "it was not shut down cleanly"


@on_linux
def test_a_child_that_the_owner_forked_does_not_keep_the_servers_up(tmp_path: Path) -> None:
    with owner_process(tmp_path, "--with-child") as (owner, answer):
        supervisor = next(pid for pid in children_of(owner.pid) if pid != answer["child"])
        ended = os.pidfd_open(supervisor)
        try:
            owner.kill()
            wait_for_end(ended)
        finally:
            os.kill(answer["child"], signal.SIGKILL)
    assert processes_of(tmp_path) == []


@on_linux
def test_a_new_owner_waits_for_the_servers_of_one_that_was_killed(tmp_path: Path) -> None:
    with owner_process(tmp_path) as (owner, _):
        owner.kill()
        owner.wait(DEADLINE)
        with EmbeddedStack.own(tmp_path) as stack:
            assert query(stack.addresses, "SELECT 1") == 1


@on_linux
def test_servers_end_with_a_killed_supervisor_too(tmp_path: Path) -> None:
    with owner_process(tmp_path) as (owner, _):
        (supervisor,) = children_of(owner.pid)
        servers = [os.pidfd_open(pid) for pid in children_of(supervisor)]
        assert len(servers) == 2
        os.kill(supervisor, signal.SIGKILL)
        for server in servers:
            wait_for_end(server)
        with EmbeddedStack.own(tmp_path) as stack:
            assert query(stack.addresses, "SELECT 1") == 1


@on_linux
def test_everything_killed_at_once_is_recovered_from(tmp_path: Path) -> None:
    with owner_process(tmp_path, "CREATE TABLE kept AS SELECT 7 AS n") as (owner, _):
        (supervisor,) = children_of(owner.pid)
        for pid in (supervisor, *children_of(supervisor), owner.pid):
            os.kill(pid, signal.SIGKILL)
        owner.wait(DEADLINE)
        with EmbeddedStack.own(tmp_path) as stack:
            assert query(stack.addresses, "SELECT n FROM kept") == 7


@on_linux
def test_a_server_that_crashes_is_started_again(tmp_path: Path) -> None:
    with EmbeddedStack.own(tmp_path) as stack:
        query(stack.addresses, "CREATE TABLE kept AS SELECT 7 AS n")
        (supervisor,) = [pid for pid in children_of(os.getpid()) if os.fsencode(tmp_path) in command_line(pid)]
        servers = children_of(supervisor)
        for pid in servers:
            os.kill(pid, signal.SIGKILL)

        def is_back() -> bool:
            try:
                return bool(query(stack.addresses, "SELECT n FROM kept") == 7 and ping(stack.addresses))
            except (psycopg.OperationalError, redis.RedisError):
                return False

        until(is_back)
        assert not set(servers) & set(children_of(supervisor))


def command_line(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


@on_linux
def test_a_server_that_nobody_owns_is_ended_first(tmp_path: Path) -> None:
    with EmbeddedStack.own(tmp_path, want_redis=False):
        pass
    cluster, program = tmp_path / "postgres", find_postgres_programs() / "postgres"
    account = lend_passage(choose_account(tmp_path, cluster), [program], [cluster])
    options = ["-D", str(cluster), "-c", "listen_addresses=", "-c", "unix_socket_directories=."]
    orders = account.command([str(program), *options], death_signal=signal.SIGINT)
    surroundings = environment(TETHER_PARENT=str(os.getpid()))
    with subprocess.Popen(orders, env=surroundings, stderr=subprocess.DEVNULL) as leftover:
        until((cluster / ".s.PGSQL.5432").exists)
        with EmbeddedStack.own(tmp_path, want_redis=False) as stack:
            assert query(stack.addresses, "SELECT 1") == 1
            assert leftover.wait(DEADLINE) == 0


@on_linux
def test_a_pid_file_that_names_some_other_program_is_no_obstacle(tmp_path: Path) -> None:
    with EmbeddedStack.own(tmp_path, want_redis=False):
        pass
    account = choose_account(tmp_path, tmp_path / "postgres")
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, user=account.uid) as other:
        (tmp_path / "postgres" / "postmaster.pid").write_text(f"{other.pid}\n{tmp_path}\n1\n5432\n")
        with EmbeddedStack.own(tmp_path, want_redis=False) as stack:
            assert query(stack.addresses, "SELECT 1") == 1
        assert other.poll() is None


@on_linux
@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT])
def test_a_first_start_that_is_cut_off_leaves_no_half_cluster(tmp_path: Path, ending: signal.Signals) -> None:
    process = subprocess.Popen(command(str(tmp_path)), stderr=subprocess.PIPE, env=environment(), process_group=0)
    with process:
        until(lambda: list(tmp_path.glob("postgres.new-*/base")))
        os.killpg(process.pid, ending)
        process.communicate(timeout=DEADLINE)
    until(lambda: not processes_of(tmp_path))
    assert not (tmp_path / "postgres").exists()
    with EmbeddedStack.own(tmp_path) as stack:
        assert query(stack.addresses, "SELECT 1") == 1
    assert not list(tmp_path.glob("postgres.new-*"))


# Refusals


def test_the_cluster_of_another_major_is_refused_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("15\n")
    way_out = r"PostgreSQL 15.*PostgreSQL 18.*pg_dump"
    with pytest.raises(OtherPostgresMajor, match=way_out) as refused, EmbeddedStack.own(tmp_path):
        pass
    assert (refused.value.found, refused.value.shipped) == ("15", "18")
    assert (tmp_path / "postgres" / "PG_VERSION").read_text() == "15\n"
    assert not list(tmp_path.glob("esteira-run-*"))


def test_a_folder_with_other_files_in_the_clusters_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "letters.txt").write_text("dear all")
    with pytest.raises(DataDirectoryUnusable, match="Move it away"), EmbeddedStack.own(tmp_path):
        pass
    assert (tmp_path / "postgres" / "letters.txt").read_text() == "dear all"


def test_a_file_in_the_data_directorys_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(DataDirectoryUnusable, match="ESTEIRA_DATA_DIR"), EmbeddedStack.own(path):
            pass


def test_a_server_that_does_not_start_is_reported_at_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with EmbeddedStack.own(tmp_path, want_redis=False):
        pass
    with (tmp_path / "postgres" / "postgresql.conf").open("a") as settings:
        settings.write("no_such_setting = 1\n")
    started = time.monotonic()
    with pytest.raises(ServerDidNotStart, match=r"postgres\.log") as failed, EmbeddedStack.own(tmp_path):
        pass
    assert time.monotonic() - started < READY_SECONDS / 2
    assert "no_such_setting" in caplog.text
    assert "no_such_setting" not in failed.value.detail
    with EmbeddedStack.own(tmp_path, want_postgres=False) as stack:
        assert ping(stack.addresses)


def test_without_a_redis_server_it_says_what_to_install(tmp_path: Path) -> None:
    answer = run_once(tmp_path, "--once", "--no-programs", PATH="/nowhere")
    assert answer["code"] == "server_not_installed"
    assert "redis" in answer["detail"]


# Root and the others


@pytest.fixture
def ordinary_user() -> pwd.struct_passwd:
    user = pwd.getpwnam("nobody")
    trial = [sys.executable, "-c", "import psycopg"]
    ran = subprocess.run(trial, user=user.pw_uid, group=user.pw_gid, extra_groups=[], capture_output=True, check=False)
    if ran.returncode != 0:
        pytest.skip("this environment's Python is in a folder that is closed to other users")
    return user


@pytest.fixture
def home(ordinary_user: pwd.struct_passwd) -> Iterator[Path]:
    """A home that this user reaches: pytest's own temporary folders are closed to them."""
    with tempfile.TemporaryDirectory(prefix="esteira-home-") as name:
        Path(name).chmod(0o755)
        folder = Path(name) / "home"
        folder.mkdir(mode=0o700)
        os.chown(folder, ordinary_user.pw_uid, ordinary_user.pw_gid)
        yield folder


@as_root
def test_an_ordinary_user_runs_it_and_root_and_the_user_again(home: Path, ordinary_user: pwd.struct_passwd) -> None:
    data_dir = home / "data"

    def as_user(*arguments: str) -> dict[str, Any]:
        return run_once(data_dir, *arguments, user=ordinary_user, HOME=str(home))

    first = as_user("--once", "CREATE TABLE kept AS SELECT 7 AS n")
    assert first["rows"] == [None]
    with EmbeddedStack.own(data_dir) as stack:
        assert query(stack.addresses, "SELECT n FROM kept") == 7
        answer = as_user("--attach")
        assert answer["addresses"]["database_url"] == stack.addresses.database_url
    again = as_user("--once", "SELECT n FROM kept")
    assert again["rows"] == [[7]]
    assert {path.stat().st_uid for path in data_dir.rglob("*")} == {ordinary_user.pw_uid}


@as_root
def test_what_root_made_is_refused_to_an_ordinary_user_in_words(home: Path, ordinary_user: pwd.struct_passwd) -> None:
    data_dir = home / "data"
    with EmbeddedStack.own(data_dir):
        answers = [run_once(data_dir, "--attach", user=ordinary_user, HOME=str(home))]
    answers.append(run_once(data_dir, "--once", user=ordinary_user, HOME=str(home)))
    data_dir.chmod(0o777)
    answers.append(run_once(data_dir, "--once", user=ordinary_user, HOME=str(home)))
    for answer in answers:
        assert answer["code"] == "data_directory_unusable"
        assert "ESTEIRA_DATA_DIR" in answer["detail"]


@as_root
def test_root_opens_no_private_folder(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    folders = [private, *private.parents]
    before = [folder.stat().st_mode for folder in folders]
    with EmbeddedStack.own(private / "data") as stack:
        assert query(stack.addresses, "SELECT 1") == 1
        assert query(stack.addresses, "SELECT pg_read_file('PG_VERSION')").strip() == "18"
    assert [folder.stat().st_mode for folder in folders] == before
    assert (private / "data" / "postgres").stat().st_uid != 0


@as_root
@on_linux
def test_servers_of_root_keep_nothing_of_root_where_folders_are_open(home: Path) -> None:
    data_dir = home.parent / "data"
    with EmbeddedStack.own(data_dir):
        for pid in [int(found.split()[0]) for found in processes_of(data_dir) if "supervisor" not in found]:
            status = Path(f"/proc/{pid}/status").read_text()
            assert "CapPrm:\t0000000000000000" in status
            assert "Uid:\t0" not in status


@as_root
def test_a_cluster_that_was_copied_by_root_is_taken_over(tmp_path: Path) -> None:
    with EmbeddedStack.own(tmp_path / "data") as stack:
        query(stack.addresses, "CREATE TABLE kept AS SELECT 7 AS n")
    subprocess.run(["/bin/chown", "-R", "root:root", str(tmp_path / "data")], check=True)
    with EmbeddedStack.own(tmp_path / "data") as stack:
        assert query(stack.addresses, "SELECT n FROM kept") == 7


def test_all_its_errors_have_codes_of_their_own() -> None:
    errors = (DataDirectoryUnusable, OtherPostgresMajor, ServerDidNotStart, StackAlreadyOwned, StackNotRunning)
    assert len({error.code for error in errors} - {EsteiraError.code}) == len(errors)
