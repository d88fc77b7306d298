"""A transaction over documents and jobs."""

from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, DateTime, Engine, func, select

from application.ports.artifact_store import ArtifactStore
from application.ports.document_details_store import DocumentDetailsStore
from application.ports.document_store import DocumentStore
from application.ports.idempotency_keys import IdempotencyKeys
from application.ports.job_store import JobStore
from application.ports.look_notes import LookNotes
from application.ports.model_switch import ModelSwitch
from application.ports.new_api_keys import NewApiKeys
from application.ports.page_picture_store import PagePictureStore
from application.ports.queue_switches import QueueSwitches
from application.ports.staged_objects import StagedObjects
from application.ports.task_store import TaskStore
from application.ports.upload_store import UploadStore
from application.ports.version_store import VersionStore
from infrastructure.postgres.api_key_store import PostgresNewApiKeys
from infrastructure.postgres.artifact_store import PostgresArtifactStore
from infrastructure.postgres.document_details_store import PostgresDocumentDetailsStore
from infrastructure.postgres.document_store import PostgresDocumentStore
from infrastructure.postgres.errors import database_errors
from infrastructure.postgres.idempotency_keys import PostgresIdempotencyKeys
from infrastructure.postgres.job_store import PostgresJobStore
from infrastructure.postgres.look_notes import PostgresLookNotes
from infrastructure.postgres.model_switch import PostgresModelSwitch
from infrastructure.postgres.page_picture_store import PostgresPagePictureStore
from infrastructure.postgres.queue_switches import PostgresQueueSwitches
from infrastructure.postgres.staged_objects import PostgresStagedObjects
from infrastructure.postgres.task_store import PostgresTaskStore
from infrastructure.postgres.upload_store import PostgresUploadStore
from infrastructure.postgres.version_store import PostgresVersionStore


class PostgresUnitOfWork:
    """Implements application/ports/unit_of_work.py. `trace` tells to which trace the jobs belong that it adds."""

    def __init__(self, engine: Engine, *, trace: Callable[[], str | None] = lambda: None) -> None:
        self._engine = engine
        self._trace = trace
        self._connection: Connection | None = None

    def __enter__(self) -> Self:
        with database_errors():
            self._connection = self._engine.connect()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        connection, self._connection = self._open, None
        with database_errors():
            connection.close()

    @property
    def documents(self) -> DocumentStore:
        """Documents in this transaction."""
        return PostgresDocumentStore(self._open)

    @property
    def versions(self) -> VersionStore:
        """Versions of documents in this transaction."""
        return PostgresVersionStore(self._open)

    @property
    def uploads(self) -> UploadStore:
        """Uploads in parts in this transaction."""
        return PostgresUploadStore(self._open)

    @property
    def jobs(self) -> JobStore:
        """Jobs in this transaction."""
        return PostgresJobStore(self._open, trace=self._trace)

    @property
    def staged_objects(self) -> StagedObjects:
        """Objects that have no document yet."""
        return PostgresStagedObjects(self._open)

    @property
    def artifacts(self) -> ArtifactStore:
        """Files that runs made, in this transaction."""
        return PostgresArtifactStore(self._open)

    @property
    def page_pictures(self) -> PagePictureStore:
        """Pictures of pages, in this transaction."""
        return PostgresPagePictureStore(self._open)

    @property
    def document_details(self) -> DocumentDetailsStore:
        """What documents say of themselves, in this transaction."""
        return PostgresDocumentDetailsStore(self._open)

    @property
    def look_notes(self) -> LookNotes:
        """What was found by looking at documents, in this transaction."""
        return PostgresLookNotes(self._open)

    @property
    def queues(self) -> QueueSwitches:
        """Which queues are paused."""
        return PostgresQueueSwitches(self._open)

    @property
    def tasks(self) -> TaskStore:
        """Jobs that are about no document, in this transaction."""
        return PostgresTaskStore(self._open)

    @property
    def idempotency_keys(self) -> IdempotencyKeys:
        """Which request made what."""
        return PostgresIdempotencyKeys(self._open)

    @property
    def models(self) -> ModelSwitch:
        """Which embedding model is live."""
        return PostgresModelSwitch(self._open)

    @property
    def api_keys(self) -> NewApiKeys:
        """API keys that are being made."""
        return PostgresNewApiKeys(self._open)

    def now(self) -> datetime:
        """Return the time of the database."""
        with database_errors():
            return self._open.execute(select(func.clock_timestamp(type_=DateTime(timezone=True)))).scalar_one()

    def commit(self) -> None:
        """Make it so."""
        with database_errors():
            self._open.commit()

    @property
    def _open(self) -> Connection:
        if self._connection is None:
            raise RuntimeError("a unit of work is used inside `with`")
        return self._connection
