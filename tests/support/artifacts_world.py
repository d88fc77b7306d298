"""Artifacts from the request to the download: HTTP, a real worker's runner, one database and one object store."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import Engine, text

from application.keep_artifact import KeepArtifact
from application.ports.blob_store import BlobStore
from application.ports.run_context import RunContext
from application.run_action import ActionType, Outcome, RunAction
from application.use_cases.clean_up_ended_runs import CleanUpEndedRuns
from application.use_cases.reap_expired_runs import ReapExpiredRuns
from application.use_cases.start_task import StartTask
from bootstrap.cleaning import cleanup_action_type, wire_start
from bootstrap.settings import Settings
from domain.action import Action
from domain.artifact import ARTIFACTS_PREFIX
from domain.cleanup import CLEANUP, CleanupTask, Orders, params_of
from domain.ids import ActionId, JobId
from domain.report import Report
from domain.retry_policy import RetryPolicy
from infrastructure.postgres.run_ledger import PostgresRunLedger
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from infrastructure.queue.heartbeat import Shutdown, ThreadHeartbeat
from tests.support.api import PUBLIC_URL

DAY = timedelta(hours=24)
MINUTE = timedelta(minutes=1)
QUEUE = "artifacts"
DRAW = "draw"


class Killed(BaseException):
    """The process is gone: nobody handles this."""


@dataclass
class WatchedBlobStore:
    """A store that does what a test says before and after each upload, and after each download."""

    store: BlobStore
    before_upload: Callable[[], None] = lambda: None
    after_upload: Callable[[], None] = lambda: None
    after_download: Callable[[], None] = lambda: None

    def upload(self, key: str, source: Path, *, content_type: str) -> str:
        self.before_upload()
        etag = self.store.upload(key, source, content_type=content_type)
        self.after_upload()
        return etag

    def download(self, key: str, target: Path, *, etag: str, check: Callable[[], None]) -> str:
        checksum = self.store.download(key, target, etag=etag, check=check)
        self.after_download()
        return checksum

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self.store, name)


@dataclass
class Draw:
    """Makes a small file of the params."""

    artifacts: KeepArtifact
    scratch: Path
    runs: list[int] = field(default_factory=list)

    def __call__(self, action: Action, context: RunContext) -> Outcome:
        self.runs.append(action.run_lease)
        path = self.scratch / f"{action.id}-{action.run_lease}"
        path.write_text(f"drawn {action.params.get('what')}", encoding="utf-8")
        self.artifacts.store(path, filename="drawing é.txt", content_type="text/plain", context=context)
        return Outcome(result={}, report=Report(), publish=self.artifacts.publish)

    def clean_up(self, action: Action) -> None:
        self.artifacts.clean_up(action)


@dataclass
class ArtifactsWorld:
    """What makes and serves artifacts, and what workers do."""

    engine: Engine
    blobs: WatchedBlobStore
    scratch: Path
    made: Mapping[str, ActionType] = field(default_factory=dict)
    client: httpx.Client | None = None
    lease: timedelta = MINUTE

    def __post_init__(self) -> None:
        self.draw = Draw(artifacts=self.artifacts, scratch=self.scratch)

    @property
    def transactions(self) -> Callable[[], PostgresUnitOfWork]:
        return partial(PostgresUnitOfWork, self.engine)

    @property
    def artifacts(self) -> KeepArtifact:
        return KeepArtifact(transactions=self.transactions, blobs=self.blobs, lifetime=DAY)

    @property
    def types(self) -> Mapping[str, ActionType]:
        draw = ActionType(
            name=DRAW,
            queue=QUEUE,
            timeout=MINUTE * 10,
            retry=RetryPolicy(first_delay_seconds=0.0),
            handler=self.draw,
            read_params=lambda params: params,
        )
        settings = Settings(_env_file=None)  # type: ignore[call-arg]
        cleanup = cleanup_action_type(settings, self.engine, self.transactions, self.blobs)
        return {DRAW: draw, CLEANUP: cleanup, **self.made}

    def start(self, *types: str, **params: object) -> JobId:
        actions = [{"type": name, "params": params} for name in types or (DRAW,)]
        answer = self.http.post("/api/v1/jobs", json={"actions": actions})
        assert answer.status_code == 202, answer.text
        return JobId(UUID(answer.json()["job_id"]))

    @property
    def http(self) -> httpx.Client:
        assert self.client
        return self.client

    def status(self, job_id: JobId) -> Any:  # noqa: ANN401
        return self.http.get(f"/api/v1/jobs/{job_id}/status").json()

    def work(self) -> int:
        """Run everything that is due, as workers do; return how many runs there were."""
        for number in range(100):
            with self.transactions() as transaction:
                waiting = transaction.jobs.take_unsent(1, types=self.types.keys())
                transaction.commit()
            if not waiting:
                return number
            self.run(waiting[0].action)
        raise AssertionError("it never ends")

    def run(self, action: Action, *, beat_seconds: float = 0.05) -> None:
        """Run it once. With long beats it looks dead, though it works on."""
        heartbeat = ThreadHeartbeat(
            ledger=PostgresRunLedger(self.engine),
            shutdown=Shutdown(grace_seconds=0),
            beat_seconds=beat_seconds,
            lease=self.lease,
            hang_seconds=600,
        )
        run = RunAction(
            transactions=self.transactions,
            heartbeat=heartbeat,
            action_types=self.types,
            worker_name="w",
            lease=self.lease,
        )
        run(action.id, action.dispatch_no)

    def action(self, job_id: JobId, number: int = 0) -> Action:
        with self.transactions() as transaction:
            return transaction.jobs.lock(job_id).actions[number]

    def lose_workers(self) -> None:
        self.sql("UPDATE job_actions SET lease_until = now() - interval '1 second' WHERE status = 'processing'")
        assert ReapExpiredRuns(transactions=self.transactions, action_types=self.types, lease=timedelta())() >= 1
        self.sql("UPDATE job_actions SET due_at = now() - interval '1 second' WHERE status = 'pending'")

    def sweep(self) -> int:
        return CleanUpEndedRuns(transactions=self.transactions, action_types=self.types)()

    def clean(self, task: CleanupTask, *, dry_run: bool = False) -> dict[str, int]:
        """Run a task as a worker does; return the counts of what was removed."""
        settings = Settings(_env_file=None)  # type: ignore[call-arg]
        start: StartTask = wire_start(settings, self.transactions, action_type=CLEANUP, wake_relay=lambda: None)
        job = start(params_of(task, Orders(dry_run=dry_run))).job
        self.run(job.actions[0])
        ended = self.action(job.id)
        assert ended.status == "completed", ended.error
        assert ended.result
        swept = ended.result["swept"]
        assert isinstance(swept, list)
        return {each["kind"]: each["count"] for each in swept if each["count"]}

    def let_time_pass(self, interval: str) -> None:
        """Move all that is written of artifacts and their jobs into the past."""
        for table, columns in {
            "artifacts": ("created_at", "expires_at"),
            "jobs": ("created_at", "completed_at"),
            "job_actions": ("created_at", "completed_at"),
        }.items():
            moved = ", ".join(f"{name} = {name} - interval '{interval}'" for name in columns)
            self.sql(f"UPDATE {table} SET {moved}")  # noqa: S608 - names of this file

    def download(self, job_id: JobId, action_id: ActionId | None = None) -> httpx.Response:
        """Ask as a client does; the answer of the API, which leads to the store."""
        params = {"action_id": str(action_id)} if action_id else {}
        return self.http.get(f"/api/v1/artifacts/{job_id}/download", params=params)

    def file(self, job_id: JobId) -> httpx.Response:
        """Follow the way to the store."""
        answer = self.download(job_id)
        assert answer.status_code == 307, answer.text
        file = httpx.get(answer.headers["Location"])
        assert file.status_code == 200, file.text
        return file

    def stored_keys(self) -> list[str]:
        return sorted(each.key for page in self.blobs.inventory.objects(ARTIFACTS_PREFIX) for each in page)

    def sql(self, statement: str, **parameters: object) -> list[Any]:
        with self.engine.begin() as connection:
            found = connection.execute(text(statement), parameters)
            return [tuple(row) for row in found] if found.returns_rows else []

    def path_of(self, url: str) -> str:
        return url.removeprefix(PUBLIC_URL)
