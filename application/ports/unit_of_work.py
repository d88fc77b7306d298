"""Port: one transaction over documents and jobs."""

from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

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


class UnitOfWork(Protocol):
    """A transaction: rolled back on leaving unless `commit` was called. Not shared between threads.

    Locks are taken in one order, models, document, job, action, so that no two transactions wait for each other.

    Entering, every method of its stores and `commit` raise DatabaseUnavailable (retryable); after that nothing of the
    transaction was kept, except that a failed `commit` may have been kept.
    """

    @property
    def documents(self) -> DocumentStore:
        """Documents in this transaction."""
        ...

    @property
    def versions(self) -> VersionStore:
        """Versions of documents in this transaction."""
        ...

    @property
    def uploads(self) -> UploadStore:
        """Uploads in parts in this transaction."""
        ...

    @property
    def jobs(self) -> JobStore:
        """Jobs in this transaction."""
        ...

    @property
    def staged_objects(self) -> StagedObjects:
        """Objects that have no document yet."""
        ...

    @property
    def artifacts(self) -> ArtifactStore:
        """Files that runs made, in this transaction."""
        ...

    @property
    def page_pictures(self) -> PagePictureStore:
        """Pictures of pages, in this transaction."""
        ...

    @property
    def document_details(self) -> DocumentDetailsStore:
        """What documents say of themselves, in this transaction."""
        ...

    @property
    def look_notes(self) -> LookNotes:
        """What was found by looking at documents, in this transaction."""
        ...

    @property
    def queues(self) -> QueueSwitches:
        """Which queues are paused."""
        ...

    @property
    def tasks(self) -> TaskStore:
        """Jobs that are about no document, in this transaction."""
        ...

    @property
    def idempotency_keys(self) -> IdempotencyKeys:
        """Which request made what."""
        ...

    @property
    def api_keys(self) -> NewApiKeys:
        """API keys that are being made."""
        ...

    @property
    def models(self) -> ModelSwitch:
        """Which embedding model is live."""
        ...

    def now(self) -> datetime:
        """Return the time of the database, the only clock that counts."""
        ...

    def commit(self) -> None:
        """Make it so."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


Transactions = Callable[[], UnitOfWork]
