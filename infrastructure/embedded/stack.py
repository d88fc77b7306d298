"""The embedded PostgreSQL and Redis of a data directory: one process owns them, others attach."""

import contextlib
import json
import logging
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from infrastructure.embedded.account import PYTHON, Account, choose_account, lend_passage
from infrastructure.embedded.data_directory import DataDirectory, unusable_on_os_error
from infrastructure.embedded.errors import ServersLost
from infrastructure.embedded.postgres_server import PostgresServer
from infrastructure.embedded.programs import find_postgres_programs, find_redis_program
from infrastructure.embedded.readiness import Server, wait_until_ready
from infrastructure.embedded.redis_server import RedisServer
from infrastructure.embedded.sockets import PREFIX, make_socket_folder

log = logging.getLogger(__name__)

SUPERVISOR = Path(__file__).resolve().with_name("supervisor.py")
STOP_SECONDS = 100.0  # longer than the supervisor's patience in all


@dataclass(frozen=True, slots=True, kw_only=True)
class StackAddresses:
    """Where the servers are; None for one that was not wanted, or while nothing is published."""

    database_url: str | None = None
    redis_url: str | None = None
    api_url: str | None = None


class EmbeddedStack:
    """The running servers, in the hands of their owner."""

    def __init__(
        self, directory: DataDirectory, addresses: StackAddresses, supervisor: "subprocess.Popen[bytes]"
    ) -> None:
        self.directory = directory
        self.addresses = addresses
        self._supervisor = supervisor

    @classmethod
    @contextmanager
    def own(cls, data_dir: Path, *, want_postgres: bool = True, want_redis: bool = True) -> Iterator["EmbeddedStack"]:
        """Become the owner, start what is wanted, stop all on leaving or however this process ends.

        Blocks until the servers answer, 60 s at most each. The database is empty at first: no table, no extension.
        Raises StackAlreadyOwned, DataDirectoryUnusable, OtherPostgresMajor, ServerNotInstalled, ServerDidNotStart.
        """
        directory = DataDirectory.open(data_dir, create=True)
        with contextlib.ExitStack() as cleanup:
            lock = directory.take()
            close_lock = cleanup.enter_context(contextlib.ExitStack())
            close_lock.callback(os.close, lock)
            with unusable_on_os_error(directory.path):
                servers, sockets = prepare(directory, want_postgres=want_postgres, want_redis=want_redis)
            cleanup.callback(shutil.rmtree, sockets, ignore_errors=True)
            supervisor = cleanup.enter_context(supervised(directory, servers, sockets, lock))
            close_lock.close()  # from here on the supervisor alone holds it
            for server in servers:
                wait_until_ready(server, supervisor)
                if isinstance(server, PostgresServer):
                    server.ensure_database()
            urls = {server.name: server.url for server in servers}
            addresses = StackAddresses(database_url=urls.get("postgres"), redis_url=urls.get("redis"))
            stack = cls(directory, addresses, supervisor)
            stack.publish()
            yield stack

    def publish(self, *, api_url: str | None = None) -> None:
        """Tell those who attach where everything is, now also the API."""
        self.addresses = replace(self.addresses, api_url=api_url or self.addresses.api_url)
        self.directory.write_addresses(asdict(self.addresses))

    def when_ended(self, tell: Callable[[], None]) -> None:
        """Call `tell`, in a thread, once the servers have lost their supervisor: they end with it, for good."""

        def wait() -> None:
            self._supervisor.wait()
            tell()

        threading.Thread(target=wait, name="supervisor", daemon=True).start()

    def require_running(self) -> None:
        """Raise ServersLost if the servers have lost their supervisor."""
        if self._supervisor.poll() is not None:
            raise ServersLost


def attach(data_dir: Path) -> StackAddresses:
    """Return where the servers of another process are; waits while they are being started. Raises StackNotRunning."""
    return StackAddresses(**DataDirectory.open(data_dir, create=False).read_addresses())


def prepare(directory: DataDirectory, *, want_postgres: bool, want_redis: bool) -> tuple[list[Server], Path]:
    """Get all ready that must be there before a server starts; return the servers and the folder of their sockets."""
    postgres_programs = find_postgres_programs() if want_postgres else None
    redis_program = find_redis_program() if want_redis else None
    cluster = directory.path / "postgres"
    account = choose_account(directory.path, cluster)
    for stale in directory.path.glob(f"{PREFIX}*"):
        shutil.rmtree(stale, ignore_errors=True)
    sockets = make_socket_folder(directory.path)
    try:
        account = hand_over(account, directory, cluster, sockets, [postgres_programs, redis_program])
        servers: list[Server] = []
        if postgres_programs is not None:
            postgres_log = fresh_log(directory.path / "postgres.log", account)
            postgres = PostgresServer(
                programs=postgres_programs, cluster=cluster, sockets=sockets, log_file=postgres_log, account=account
            )
            postgres.prepare()
            servers.append(postgres)
        if redis_program is not None:
            redis_log = fresh_log(directory.path / "redis.log", account)
            servers.append(RedisServer(program=redis_program, sockets=sockets, log_file=redis_log, account=account))
    except BaseException:
        shutil.rmtree(sockets, ignore_errors=True)
        raise
    return servers, sockets


def hand_over(
    account: Account, directory: DataDirectory, cluster: Path, sockets: Path, programs: Sequence[Path | None]
) -> Account:
    """As root, give the account what the servers write, and find out what it takes to reach it all."""
    if account.uid is None:
        return account
    account.give(sockets)
    if directory.is_new and account.gid is not None:
        os.chown(directory.path, -1, account.gid)
        directory.path.chmod(0o710)
    if cluster.exists() and cluster.stat().st_uid != account.uid:
        account.give_tree(cluster)
    postgres_programs, redis_program = programs
    started, readable = [], [sockets, directory.path]
    if postgres_programs is not None:
        templates = postgres_programs.parent / "share" / "postgresql"
        started.append(postgres_programs / "postgres")
        readable += [templates, templates / "postgres.bki"]
    if redis_program is not None:
        started.append(redis_program)
    return lend_passage(account, started, readable)


def fresh_log(path: Path, account: Account) -> Path:
    """Put the log of the run before aside, and make an empty one."""
    if path.exists():
        path.replace(path.with_suffix(".log.1"))
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
    account.give(path)
    return path


@contextmanager
def supervised(
    directory: DataDirectory, servers: Sequence[Server], sockets: Path, lock: int
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run the servers under a supervisor, which stops them when its standard input ends (see supervisor.py)."""
    orders = {
        "owner_pid": os.getpid(),
        "servers": [server.orders() for server in servers],
        "addresses": str(directory.addresses_file),
        "sockets": str(sockets),
    }
    supervisor = subprocess.Popen(
        [*PYTHON, str(SUPERVISOR), json.dumps(orders)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        pass_fds=[lock],
        cwd="/",
        start_new_session=True,
    )
    with supervisor:
        try:
            yield supervisor
        finally:
            end(supervisor)


def end(supervisor: "subprocess.Popen[bytes]") -> None:
    """Order the supervisor to stop the servers and wait for it. If the wait is interrupted, it still does."""
    if supervisor.stdin is not None:
        supervisor.stdin.close()
    try:
        supervisor.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        log.exception("The embedded servers do not stop")
        supervisor.kill()
