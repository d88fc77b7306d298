"""PostgreSQL and Redis as production has them: on TCP, with passwords."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psycopg

from infrastructure.embedded.account import Account, choose_account, lend_passage
from infrastructure.embedded.programs import find_postgres_programs, find_redis_program
from tests.support.processes import until

USER = "esteira"
STOP_SECONDS = 60


@contextmanager
def tcp_postgres(folder: Path, *, port: int, password: str, options: Sequence[str] = ()) -> Iterator[str]:
    """Make a cluster in `folder` unless one is there, and serve it; yield the URL of its database `esteira`."""
    folder.mkdir(exist_ok=True)
    programs = find_postgres_programs()
    account = lend_passage(choose_account(folder, folder / "cluster"), [programs / "postgres"], [folder])
    if not folder.joinpath("cluster").exists():
        make_cluster(folder, programs, account, password)
    command = [
        *(str(programs / "postgres"), "-D", str(folder / "cluster"), "-p", str(port)),
        *("-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off", *options),
    ]
    with daemon(command, folder / "postgres.log", account=account, stop_signal=signal.SIGINT):
        url = f"postgresql://{USER}:{password}@127.0.0.1:{port}"
        until(partial(has_database, url), seconds=STOP_SECONDS)
        yield f"{url}/{USER}"


def has_database(url: str) -> bool:
    """Create our database unless it is there; False while nobody answers."""
    try:
        with psycopg.connect(f"{url}/postgres", autocommit=True) as connection:
            if connection.execute("SELECT FROM pg_database WHERE datname = %s", [USER]).fetchone() is None:
                connection.execute(f"CREATE DATABASE {USER}")
    except psycopg.OperationalError:
        return False
    return True


def make_cluster(folder: Path, programs: Path, account: Account, password: str) -> None:
    """Make it as the image of PostgreSQL does with the POSTGRES_INITDB_ARGS of docker-compose.yml."""
    password_file = folder / "password"
    password_file.write_text(password)
    account.give(folder)
    account.give(password_file)
    command = [
        *(str(programs / "initdb"), "-D", str(folder / "cluster"), "--username", USER, "--pwfile", str(password_file)),
        *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale-provider", "builtin"),
        *("--builtin-locale", "C.UTF-8", "--locale", "C", "--no-sync"),
    ]
    made = account.run(command, death_signal=signal.SIGTERM)
    assert made.returncode == 0, made.stdout


@contextmanager
def tcp_redis(folder: Path, arguments: Sequence[str]) -> Iterator["subprocess.Popen[bytes]"]:
    """Run redis-server in `folder`."""
    folder.mkdir(exist_ok=True)
    with daemon([str(find_redis_program()), *arguments], folder / "redis.log") as process:
        yield process


@contextmanager
def daemon(
    command: Sequence[str],
    log: Path,
    *,
    account: Account | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
    environment: Mapping[str, str] | None = None,
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a server that does not outlive this process; stop it on leaving."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            (account or Account()).command(command, death_signal=signal.SIGKILL),
            env={**os.environ, **(environment or {}), "LC_ALL": "C", "TETHER_PARENT": str(os.getpid())},
            cwd=log.parent,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(stop_signal)
        process.wait(STOP_SECONDS)
