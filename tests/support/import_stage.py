"""An import as workers run it, on real PostgreSQL, with a place where operators lay files and an object store."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import boto3
import pytest
from sqlalchemy import Engine, text

from application.ports.blob_store import BlobStore
from application.run_action import ActionType, RunAction
from application.use_cases.clean_up_ended_runs import CleanUpEndedRuns
from application.use_cases.reap_expired_runs import ReapExpiredRuns
from application.use_cases.start_job import StartJob
from application.use_cases.start_operation import StartOperation
from bootstrap.settings import Settings
from bootstrap.transfers import IMPORT, import_type
from domain.action import Action
from domain.api_key import Caller
from domain.ids import JobId
from domain.job import OPERATIONS_QUEUE
from infrastructure.postgres.run_ledger import PostgresRunLedger
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from infrastructure.queue.heartbeat import Shutdown, ThreadHeartbeat
from infrastructure.storage.local import LocalBlobStore
from infrastructure.storage.s3 import S3BlobStore
from tests.support.blob_store_backends import MOTO_CREDENTIALS
from tests.support.document_factory import a_document
from tests.support.seals import a_seal

SPAN = timedelta(minutes=5)
BUCKET = "esteira"


class Killed(BaseException):
    """The process is gone: nobody handles this."""


class Watched:
    """A store that tells when something was put, and else is the one inside."""

    def __init__(self, store: BlobStore) -> None:
        self._store = store
        self.put = 0
        self.after_upload: Callable[[], None] = lambda: None

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._store, name)

    def upload(self, key: str, source: Path, *, content_type: str) -> str:
        etag = self._store.upload(key, source, content_type=content_type)
        self.put += 1
        self.after_upload()
        return etag


@dataclass
class ImportStage:
    """`lay` puts a file where operators do."""

    engine: Engine
    settings: Settings
    blobs: Watched
    lay: Callable[[str, bytes], None]
    scratch: Path

    @property
    def transactions(self) -> Callable[[], PostgresUnitOfWork]:
        return partial(PostgresUnitOfWork, self.engine)

    @cached_property
    def types(self) -> Mapping[str, ActionType]:
        kind = import_type(self.settings, self.transactions, self.blobs, a_seal(), scratch=self.scratch)
        return {IMPORT: kind}

    def start(self, **params: object) -> JobId:
        start_job = StartJob(
            transactions=self.transactions,
            action_types=self.types,
            wake_relay=lambda: None,
            key_lifetime=timedelta(hours=1),
        )
        return StartOperation(action_types=self.types, start_job=start_job)(IMPORT, params, caller=Caller()).job.id

    def action(self, job_id: JobId) -> Action:
        with self.transactions() as transaction:
            return transaction.jobs.lock(job_id).actions[0]

    def run(self, job_id: JobId) -> Action:
        heartbeat = ThreadHeartbeat(
            ledger=PostgresRunLedger(self.engine),
            shutdown=Shutdown(grace_seconds=0),
            beat_seconds=60,
            lease=SPAN,
            hang_seconds=60,
        )
        run = RunAction(
            transactions=self.transactions, heartbeat=heartbeat, action_types=self.types, worker_name="w", lease=SPAN
        )
        action = self.action(job_id)
        run(action.id, action.dispatch_no)
        return self.action(job_id)

    def imported(self, **params: object) -> dict[str, Any]:
        """Run an import to its end and return its result."""
        action = self.run(self.start(**params))
        assert action.result is not None, action.error
        return dict(action.result)

    def lose_worker(self) -> None:
        self.sql(
            "UPDATE job_actions SET lease_until = now() - interval '1 second' WHERE queue = :queue",
            queue=OPERATIONS_QUEUE,
        )
        reap = ReapExpiredRuns(transactions=self.transactions, action_types=self.types, lease=timedelta())
        assert reap() == 1
        self.sql("UPDATE job_actions SET due_at = now() WHERE queue = :queue", queue=OPERATIONS_QUEUE)

    def sweep(self) -> int:
        return CleanUpEndedRuns(transactions=self.transactions, action_types=self.types)()

    def sql(self, statement: str, **values: object) -> list[tuple[Any, ...]]:
        with self.engine.begin() as connection:
            found = connection.execute(text(statement), values)
            return [tuple(row) for row in found] if found.returns_rows else []

    def documents(self) -> dict[str, str]:
        """Return the names of the documents, each with what a worker that processes it will read."""
        rows = self.sql(
            "SELECT d.external_id, d.id, a.params ->> 'version', a.params ->> 'etag' FROM documents d"
            " JOIN jobs j ON j.id = d.job_id JOIN job_actions a ON a.job_id = j.id"
        )
        assert len(rows) == self.sql("SELECT count(*) FROM documents")[0][0], "a document is not processed"
        found = {}
        for name, document_id, version, etag in rows:
            with self.transactions() as transaction:
                key = transaction.versions.get(document_id, int(version)).object_key
            with tempfile.NamedTemporaryFile(dir=self.scratch) as target:
                self.blobs.download(key, Path(target.name), etag=etag, check=lambda: None)
                found[name] = Path(target.name).read_text()
        return found

    def upload(self, content: bytes, filename: str = "papers.zip") -> str:
        """Put a document's bytes up as clients do, and return its id."""
        document = a_document(filename=filename, content_type="application/zip", size_bytes=len(content))
        with self.transactions() as transaction:
            document = transaction.documents.add(document)
            transaction.commit()
        source = self.scratch / "sent"
        source.write_bytes(content)
        self.blobs.upload(document.object_key, source, content_type=document.content_type)
        source.unlink()
        return str(document.id)

    def object_keys(self) -> set[str]:
        """Return the keys of our own objects."""
        return {found.key for page in self.blobs.inventory.objects("documents/") for found in page}


def local_stage(engine: Engine, folder: Path) -> ImportStage:
    """Use the local store and a folder."""
    settings = Settings(_env_file=None, data_dir=folder / "data")
    store = LocalBlobStore(folder / "store", signing_key=bytes(32), public_url="http://esteira.example")
    scratch = folder / "scratch"
    scratch.mkdir()

    def lay(name: str, content: bytes) -> None:
        path = folder / "data" / "import" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    return ImportStage(engine, settings, Watched(store), lay, scratch)


@contextmanager
def s3_stage(engine: Engine, folder: Path, endpoint_url: str, **changes: str) -> Iterator[ImportStage]:
    """Use one bucket for both, unless a setting names another to import from."""
    settings = Settings(_env_file=None, s3_bucket=BUCKET, s3_endpoint_url=endpoint_url, **changes)
    with pytest.MonkeyPatch.context() as patched:
        for name, value in {**MOTO_CREDENTIALS, "AWS_DEFAULT_REGION": "us-east-1"}.items():
            patched.setenv(name, value)
        client = boto3.session.Session().client("s3", endpoint_url=endpoint_url)
        buckets = {BUCKET, settings.import_bucket or BUCKET}
        for bucket in buckets:
            client.create_bucket(Bucket=bucket)

        def lay(name: str, content: bytes) -> None:
            client.put_object(
                Bucket=settings.import_bucket or BUCKET, Key=f"{settings.import_root}{name}", Body=content
            )

        store = S3BlobStore(bucket=BUCKET, endpoint_url=endpoint_url, public_endpoint_url=None)
        scratch = folder / "scratch"
        scratch.mkdir()
        stage = ImportStage(engine, settings, Watched(store), lay, scratch)
        assert stage.types
        yield stage
        for bucket in buckets:
            for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
                for each in page.get("Contents", []):
                    client.delete_object(Bucket=bucket, Key=each["Key"])
            client.delete_bucket(Bucket=bucket)
        client.close()
