"""The embedded PostgreSQL: makes the cluster at the first start, refuses a foreign one, ends what was left over."""

import contextlib
import logging
import os
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from infrastructure.embedded.account import Account
from infrastructure.embedded.errors import DataDirectoryUnusable, OtherPostgresMajor, ServerDidNotStart
from infrastructure.embedded.programs import POSTGRES_MAJOR

log = logging.getLogger(__name__)

DATABASE = USER = "esteira"
PORT = 5432  # names the socket; nothing listens on TCP
UNFINISHED = "postgres.new-"
PROBE_SECONDS = 5
LEFTOVER_SECONDS = 60.0

# Written into the new cluster's postgresql.conf, where they can be changed. fsync stays on: nothing may be lost.
# mmap: parallel index builds overflow the 64 MB of /dev/shm that a container has, and need no such place then.
DEFAULTS = {
    "max_connections": "100",
    "shared_buffers": "128MB",
    "maintenance_work_mem": "128MB",
    "dynamic_shared_memory_type": "mmap",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_checkpoints": "off",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresServer:
    """A PostgreSQL which listens in a private folder only, where everybody who gets in is trusted."""

    name = "postgres"

    programs: Path
    cluster: Path
    sockets: Path
    log_file: Path
    account: Account

    @property
    def url(self) -> str:
        """Address for libpq and SQLAlchemy. The port is named so that PGPORT does not count."""
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        """Return the address of one database."""
        return f"postgresql://{USER}@/{database}?host={quote(str(self.sockets), safe='')}&port={PORT}"

    def prepare(self) -> None:
        """Make the cluster if there is none and clear the way. Call with the data directory's lock held.

        Raises OtherPostgresMajor, DataDirectoryUnusable, ServerDidNotStart.
        """
        for unfinished in self.cluster.parent.glob(f"{UNFINISHED}*"):
            shutil.rmtree(unfinished, ignore_errors=True)
        if not self.cluster.exists() or not any(self.cluster.iterdir()):
            self.make_cluster()
        check_version(self.cluster)
        end_leftover(self.cluster)

    def make_cluster(self) -> None:
        """Run initdb beside the final place, so that an interrupted first start leaves no half cluster."""
        unfinished = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=self.cluster.parent))
        try:
            self.account.give(unfinished)
            arguments = [
                *("-D", str(unfinished), "--username", USER, "--encoding", "UTF8", "--auth-local", "trust"),
                *("--auth-host", "reject", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
                *("--locale", "C", "--text-search-config", "simple", "--no-instructions"),
                *(word for name, value in DEFAULTS.items() for word in ("--set", f"{name}={value}")),
            ]
            made = self.account.run([str(self.programs / "initdb"), *arguments], death_signal=signal.SIGTERM)
            if made.returncode != 0:
                log.error("initdb ended with %d:\n%s", made.returncode, made.stdout)
                raise ServerDidNotStart(
                    f"PostgreSQL could not make its files in {self.cluster.parent}; the log says why. "
                    "Set ESTEIRA_DATA_DIR to a folder on a local disk with 200 MB free."
                )
            unfinished.rename(self.cluster)
            sync_folder(self.cluster.parent)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def orders(self) -> dict[str, Any]:
        """Return how the supervisor starts and stops it: fast shutdown first, then the one that recovers at start."""
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": '"' + str(self.sockets).replace('"', '""') + '"',
            "unix_socket_permissions": "0700",
            "logging_collector": "off",
            "log_destination": "stderr",
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        command = [str(self.programs / "postgres"), "-D", str(self.cluster), "-p", str(PORT), *options]
        return {
            "name": self.name,
            "command": self.account.command(command, death_signal=signal.SIGINT),
            "log": str(self.log_file),
            "stop_signals": [int(signal.SIGINT), int(signal.SIGQUIT)],
        }

    def probe(self) -> None:
        """Connect once. Raises psycopg.OperationalError while it is not ready."""
        psycopg.connect(self.url_of("postgres"), connect_timeout=PROBE_SECONDS).close()

    def may_recover(self, log_tail: str) -> bool:
        """Return whether to wait for the supervisor's next try: backends of a killed server take a moment to leave."""
        return "pre-existing shared memory block" in log_tail

    def ensure_database(self) -> None:
        """Create our database unless it is there."""
        with psycopg.connect(self.url_of("postgres"), autocommit=True) as connection:
            if connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
                connection.execute(f"CREATE DATABASE {DATABASE}")


def check_version(cluster: Path) -> None:
    """Refuse what this PostgreSQL cannot read."""
    try:
        found = (cluster / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        raise DataDirectoryUnusable(
            f"{cluster} holds files, but no database. Move it away, or set ESTEIRA_DATA_DIR to another folder."
        ) from None
    if found != str(POSTGRES_MAJOR):
        raise OtherPostgresMajor(
            f"The database in {cluster} was made by PostgreSQL {found}; this version of Esteira brings PostgreSQL "
            f"{POSTGRES_MAJOR}. To keep the data, start it with PostgreSQL {found}, save it with `pg_dump` and load it "
            f"into a new one. To begin anew, move {cluster} away or set ESTEIRA_DATA_DIR to another folder.",
            found=found,
            shipped=str(POSTGRES_MAJOR),
        )


def end_leftover(cluster: Path) -> None:
    """Stop a server that outlived its owner, and forget one whose pid belongs to some other program by now.

    We hold the data directory's lock, so a server that runs here is nobody's. PostgreSQL itself would refuse to start
    in both cases; a pid that belongs to nobody it understands.
    """
    pid_file = cluster / "postmaster.pid"
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
        os.kill(pid, 0)
    except (FileNotFoundError, ValueError, ProcessLookupError, PermissionError):
        return
    if not is_postgres_of(pid, cluster):
        pid_file.unlink(missing_ok=True)
        return
    log.warning("Stopping PostgreSQL (process %d), which outlived its owner", pid)
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        deadline = time.monotonic() + LEFTOVER_SECONDS
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        while is_postgres_of(pid, cluster):
            if time.monotonic() > deadline:
                break
            time.sleep(0.02)
        else:
            return


def is_postgres_of(pid: int, cluster: Path) -> bool:
    """Return whether the process is a PostgreSQL on this cluster (a postmaster works in its cluster's folder)."""
    process = Path("/proc") / str(pid)
    if Path("/proc/self").exists():
        try:
            return (process / "comm").read_text().strip() == "postgres" and (process / "cwd").samefile(cluster)
        except OSError:
            return False
    command = ["/bin/ps", "-o", "command=", "-p", str(pid)]
    shown = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False).stdout
    return "postgres" in shown and str(cluster) in shown


def sync_folder(folder: Path) -> None:
    """Make a rename in the folder last."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
