"""The whole of Esteira as processes of their own, so that each can be killed alone."""

import os
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg
from psycopg.rows import namedtuple_row
from redis import Redis

from domain.action import Run
from domain.ids import ActionId
from infrastructure.queue.redis_queue import connect_redis
from tests.chaos.programs import Program
from tests.chaos.servers import RestartableServer, own_servers
from tests.chaos.store import BUCKET, CREDENTIALS, FaultyStore, own_store
from tests.chaos.timing import START_SECONDS, Timing

ROOT = Path(__file__).resolve().parents[2]
WORKERS = ("w1", "w2", "w3")
OTHER_QUEUES = {"long_operations": "operator", "artifacts": "printer"}
OWN_NAME = "chaos"
PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "HOME", "TMPDIR", "LANG")

ALL_UNFINISHED = """
    SELECT a.id, a.job_id, j.document_id, j.version, a.status, a.attempt, a.run_lease, a.worker, a.dispatch_no,
        a.sent_at IS NOT NULL AS sent, a.due_at <= clock_timestamp() AS due, a.error ->> 'code' AS code
    FROM job_actions a JOIN jobs j ON j.id = a.job_id
    WHERE a.status IN ('pending', 'processing')
"""
UNFINISHED = f"{ALL_UNFINISHED} AND j.document_id IS NOT NULL"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionSeen:
    """An action that has not ended, as it stands now."""

    id: UUID
    job_id: UUID
    document_id: UUID | None
    version: int
    status: str
    attempt: int
    run_lease: int
    worker: str | None
    dispatch_no: int
    sent: bool
    due: bool
    code: str | None

    @property
    def run_number(self) -> int:
        """The run that is under way, or waited for, counted from 1."""
        return self.attempt + (self.status == "pending")

    @property
    def run_name(self) -> str:
        """What PostgreSQL calls the connection that writes for this run."""
        return f"run {Run(action_id=ActionId(self.id), run_lease=self.run_lease).id}"


@dataclass(slots=True, kw_only=True)
class Stack:
    """What runs, and the harness's own ways to look at it."""

    timing: Timing
    folder: Path
    postgres: RestartableServer
    redis: RestartableServer
    store: FaultyStore
    api: Program
    workers: Mapping[str, Program]
    cleaner: Program
    operators: Mapping[str, Program]
    api_url: str

    @property
    def programs(self) -> Sequence[Program]:
        """All that is to be kept running."""
        return [self.api, *self.workers.values(), self.cleaner, *self.operators.values()]

    def tend(self) -> None:
        """Start again what ended."""
        for program in self.programs:
            program.tend()

    def connection(self) -> psycopg.Connection[Any]:
        """Return a connection of the harness's own. Raises psycopg.OperationalError while the database is away."""
        return psycopg.connect(
            self.postgres.url, row_factory=namedtuple_row, application_name=OWN_NAME, autocommit=True
        )

    def query(self, statement: str, *values: object) -> list[Any]:
        """Ask the database. Raises psycopg.OperationalError while it is away."""
        with self.connection() as connection:
            cursor = connection.execute(statement, values)  # type: ignore[call-overload]
            # Of rows without columns psycopg tells nothing: whoever asks if there is a row must name one.
            if cursor.description is None and statement.lstrip().upper().startswith("SELECT"):
                raise ValueError(f"this selects no column: {statement}")
            return cursor.fetchall() if cursor.description else []

    def unfinished(self) -> list[ActionSeen]:
        """Return the actions of documents that have not ended."""
        return [ActionSeen(**row._asdict()) for row in self.query(UNFINISHED)]

    def all_unfinished(self) -> list[ActionSeen]:
        """Return the actions that have not ended, of documents or not."""
        return [ActionSeen(**row._asdict()) for row in self.query(ALL_UNFINISHED)]

    def at_work(self) -> list[ActionSeen]:
        """Return the actions whose worker runs now."""
        return [a for a in self.unfinished() if a.status == "processing" and self.workers[a.worker or ""].pid]

    def redis_client(self) -> Redis:
        """Return a client that fails at once."""
        return connect_redis(self.redis.url)

    def api_answers(self) -> bool:
        """Tell whether the API can be reached."""
        with suppress(httpx.HTTPError):
            return httpx.get(f"{self.api_url}/api/health", timeout=2).is_success
        return False

    def wait_for_api(self) -> None:
        """Wait for a start."""
        deadline = time.monotonic() + 4 * START_SECONDS
        while not self.api_answers():
            if time.monotonic() > deadline:
                raise TimeoutError("the API does not start: see api.log")
            time.sleep(0.1)


@contextmanager
def running_stack(folder: Path, timing: Timing) -> Iterator[Stack]:
    """Start everything in an empty folder; end everything on leaving."""
    with ExitStack() as cleanup:
        postgres, redis = cleanup.enter_context(own_servers(folder / "data"))
        store = cleanup.enter_context(own_store())
        port = free_port()
        environment = environment_of(
            folder, timing, database_url=postgres.url, redis_url=redis.url, store_url=store.url, port=port
        )
        esteira = [sys.executable, "-m", "bootstrap.command"]
        run_once(Program("migrate", [*esteira, "migrate"], environment=environment, folder=folder))
        worker = [sys.executable, str(ROOT / "worker.py"), "--name"]
        cleaner = [*worker, "cleaner", "--cleanup"]
        stack = Stack(
            timing=timing,
            folder=folder,
            postgres=postgres,
            redis=redis,
            store=store,
            api=Program("api", [*esteira, "api"], environment=environment, folder=folder),
            workers={name: Program(name, [*worker, name], environment=environment, folder=folder) for name in WORKERS},
            cleaner=Program("cleaner", cleaner, environment=environment, folder=folder),
            operators={
                queue: Program(name, [*worker, name, "--queue", queue], environment=environment, folder=folder)
                for queue, name in OTHER_QUEUES.items()
            },
            api_url=f"http://127.0.0.1:{port}",
        )
        cleanup.callback(stop_programs, stack)
        for program in stack.programs:
            program.start()
        stack.wait_for_api()
        yield stack


def stop_programs(stack: Stack) -> None:
    """End the workers, then the API; each has its grace period."""
    for program in (*stack.workers.values(), *stack.operators.values(), stack.cleaner, stack.api):
        program.stop(stack.timing.grace_seconds + START_SECONDS)


def run_once(program: Program) -> None:
    """Run a program to its end."""
    program.start()
    deadline = time.monotonic() + 4 * START_SECONDS
    while program.pid:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{program.name} does not end")
        time.sleep(0.05)


def environment_of(
    folder: Path, timing: Timing, *, database_url: str, redis_url: str, store_url: str, port: int
) -> dict[str, str]:
    """Return all that the processes get from outside."""
    return {
        **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
        **CREDENTIALS,
        **timing.environment,
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "clients" / "python"))),
        "ESTEIRA_DATA_DIR": str(folder / "data"),
        "ESTEIRA_DATABASE_URL": database_url,
        "ESTEIRA_REDIS_URL": redis_url,
        "ESTEIRA_S3_BUCKET": BUCKET,
        "ESTEIRA_S3_ENDPOINT_URL": store_url,
        "ESTEIRA_PORT": str(port),
    }


def free_port() -> int:
    """Return a port that nobody uses now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
