"""The transactions over documents and jobs, in memory: rows are locked one by one, as PostgreSQL does."""

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self
from uuid import UUID, uuid5

from application.ports.document_reader import PublishedChunk
from application.ports.document_store import DeletedRows
from application.ports.job_store import Dispatch
from domain.action import Action, ActionStatus, Run
from domain.api_key import ApiKey
from domain.callback import callback_of
from domain.document import Document
from domain.errors import (
    DatabaseUnavailable,
    DocumentNotFound,
    IdempotencyKeyReused,
    JobNotFound,
    QueueNotFound,
    RequestInFlight,
    UploadNotFound,
)
from domain.idempotent_request import IdempotentRequest, Made
from domain.ids import DEFAULT_TENANT, ActionId, ApiKeyId, DocumentId, JobId, TenantId, UploadId
from domain.job import DOCUMENT_QUEUE, Job
from domain.multipart import Upload
from tests.support.in_memory_api_key_store import InMemoryApiKeyStore

LOCK_TIMEOUT_SECONDS = 5


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passages:
    """What a run wrote: pages as (number, text), and chunks."""

    pages: tuple[tuple[int | None, str], ...] = ()
    chunks: tuple[PublishedChunk, ...] = ()


@dataclass
class InMemoryDatabase:
    """What is committed. Use it as a `Transactions`: calling it gives a unit of work."""

    clock: Callable[[], datetime] = _utc_now
    is_down: bool = False
    """True makes everything raise DatabaseUnavailable."""
    documents: dict[DocumentId, Document] = field(default_factory=dict)
    versions: dict[tuple[DocumentId, int], Document] = field(default_factory=dict)
    """Those that were announced; a document that a test puts into `documents` has its own alone."""
    last_versions: dict[DocumentId, int] = field(default_factory=dict)
    """The highest number that a version of each ever had."""
    uploads: dict[UploadId, Upload] = field(default_factory=dict)
    jobs: dict[JobId, Job] = field(default_factory=dict)
    staged: dict[str, tuple[DocumentId, Run]] = field(default_factory=dict)
    """Keys of objects without a document, with the parent and the run."""
    schedules: dict[str, datetime] = field(default_factory=dict)
    """When each had its last turn."""
    passages: dict[UUID, Passages] = field(default_factory=dict)
    """What runs wrote, by the id of the run; a test puts it there."""
    published_runs: dict[DocumentId, UUID] = field(default_factory=dict)
    drops: set[DocumentId] = field(default_factory=set)
    queues: dict[str, datetime | None] = field(default_factory=lambda: {DOCUMENT_QUEUE: None})
    """Since when each is paused."""
    idempotency_keys: dict[tuple[TenantId, str], tuple[IdempotentRequest, Made, datetime]] = field(default_factory=dict)
    api_keys: InMemoryApiKeyStore = field(default_factory=InMemoryApiKeyStore)
    on_commit: Callable[[frozenset[JobId]], None] = lambda _changed: None
    row_freed: threading.Condition = field(default_factory=threading.Condition)
    row_owners: dict[UUID, "InMemoryUnitOfWork"] = field(default_factory=dict)

    def __call__(self) -> "InMemoryUnitOfWork":
        return InMemoryUnitOfWork(self)

    def require_up(self) -> None:
        if self.is_down:
            raise DatabaseUnavailable

    def published(self, document_id: DocumentId) -> Passages:
        run_id = self.published_runs.get(document_id)
        return self.passages.get(run_id, Passages()) if run_id else Passages()


class InMemoryUnitOfWork:
    """Sees what is committed and its own writes; keeps its row locks until it ends."""

    def __init__(self, database: InMemoryDatabase) -> None:
        self.database = database
        self.documents_written: dict[DocumentId, Document | None] = {}
        self.versions_written: dict[tuple[DocumentId, int], Document | None] = {}
        self.drops_written: set[DocumentId] = set()
        self.uploads_written: dict[UploadId, Upload | None] = {}
        self.jobs_written: dict[JobId, Job] = {}
        self.runs_published: dict[DocumentId, UUID] = {}
        self.staged_written: dict[str, tuple[DocumentId, Run] | None] = {}
        self.queues_written: dict[str, datetime | None] = {}
        self.turns_taken: dict[str, datetime] = {}
        self.api_keys_added: list[ApiKey] = []
        self.keys_kept: dict[tuple[TenantId, str], tuple[IdempotentRequest, Made, datetime]] = {}

    @property
    def documents(self) -> "InMemoryDocumentStore":
        return InMemoryDocumentStore(self)

    @property
    def versions(self) -> "InMemoryVersionStore":
        return InMemoryVersionStore(self)

    @property
    def uploads(self) -> "InMemoryUploadStore":
        return InMemoryUploadStore(self)

    @property
    def jobs(self) -> "InMemoryJobStore":
        return InMemoryJobStore(self)

    @property
    def staged_objects(self) -> "InMemoryStagedObjects":
        return InMemoryStagedObjects(self)

    @property
    def page_pictures(self) -> "InMemoryPagePictures":
        return InMemoryPagePictures()

    @property
    def queues(self) -> "InMemoryQueueSwitches":
        return InMemoryQueueSwitches(self)

    @property
    def tasks(self) -> "InMemoryTaskStore":
        return InMemoryTaskStore(self)

    @property
    def idempotency_keys(self) -> "InMemoryIdempotencyKeys":
        return InMemoryIdempotencyKeys(self)

    @property
    def api_keys(self) -> "InMemoryNewApiKeys":
        return InMemoryNewApiKeys(self)

    def now(self) -> datetime:
        self.database.require_up()
        return self.database.clock()

    def commit(self) -> None:
        self.database.require_up()
        with self.database.row_freed:
            self.database.drops |= self.drops_written
            for document_id, document in self.documents_written.items():
                if document is None:
                    self.database.drops.discard(document_id)
                    self.database.documents.pop(document_id, None)
                    self.database.published_runs.pop(document_id, None)
                else:
                    self.database.documents[document_id] = document
            for version, described in self.versions_written.items():
                last_versions = self.database.last_versions
                last_versions[version[0]] = max(version[1], last_versions.get(version[0], 0))
                if described is None:
                    self.database.versions.pop(version, None)
                else:
                    self.database.versions[version] = described
            there = self.database.uploads | self.uploads_written
            self.database.uploads = {key: upload for key, upload in there.items() if upload}
            self.database.jobs |= self.jobs_written
            self.database.schedules |= self.turns_taken
            self.database.idempotency_keys |= self.keys_kept
            for key in self.api_keys_added:
                self.database.api_keys.add(key)
            self.database.published_runs |= self.runs_published
            staged = self.database.staged | self.staged_written
            self.database.staged = {key: noted for key, noted in staged.items() if noted}
            self.database.queues |= self.queues_written
            changed = frozenset(self.jobs_written)
            self._end()
        self.database.on_commit(changed)

    def __enter__(self) -> Self:
        self.database.require_up()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self.database.row_freed:
            self._end()

    def lock_row(self, row_id: UUID) -> None:
        deadline = time.monotonic() + LOCK_TIMEOUT_SECONDS
        with self.database.row_freed:
            while self.database.row_owners.get(row_id, self) is not self:
                if not self.database.row_freed.wait(deadline - time.monotonic()):
                    raise DatabaseUnavailable
            self.database.row_owners[row_id] = self

    def try_lock_row(self, row_id: UUID) -> bool:
        with self.database.row_freed:
            return self.database.row_owners.setdefault(row_id, self) is self

    def all_jobs(self) -> Sequence[Job]:
        with self.database.row_freed:
            return list((self.database.jobs | self.jobs_written).values())

    def _end(self) -> None:
        self.documents_written, self.versions_written, self.jobs_written, self.runs_published = {}, {}, {}, {}
        self.uploads_written, self.staged_written, self.queues_written, self.turns_taken = {}, {}, {}, {}
        self.keys_kept, self.api_keys_added, self.drops_written = {}, [], set()
        owners = self.database.row_owners
        for row_id in [row_id for row_id, owner in owners.items() if owner is self]:
            del owners[row_id]
        self.database.row_freed.notify_all()


@dataclass(frozen=True)
class InMemoryDocumentStore:
    work: InMemoryUnitOfWork

    def add(self, document: Document) -> Document:
        self.work.database.require_up()
        if document.external_id is not None:
            self.work.lock_row(uuid5(document.tenant_id, document.external_id))
            if known := self._of_external_id(document.tenant_id, document.external_id):
                newest = self.work.versions.after(known.id, 0)[0]
                last = max(newest.version, self.work.database.last_versions.get(known.id, 0))
                document = replace(document, id=known.id, version=last + 1, job_id=known.job_id)
                self.work.versions_written[document.id, document.version] = document
                if known.id not in self.work.database.published_runs:
                    self._write(document)
                return document
        self._write(document)
        self.work.versions_written[document.id, document.version] = document
        return document

    def _write(self, document: Document) -> None:
        self.work.documents_written[document.id] = document

    def find(self, tenant_id: TenantId, external_id: str) -> Document | None:
        self.work.lock_row(uuid5(tenant_id, external_id))
        found = self._of_external_id(tenant_id, external_id)
        return self.lock(found.id) if found else None

    def _of_external_id(self, *name: object) -> Document | None:
        return next((found for found in self._all() if (found.tenant_id, found.external_id) == name), None)

    def add_new(self, documents: Sequence[Document]) -> Sequence[DocumentId]:
        known = {document.id for document in self._all()}
        new = {document.id: document for document in documents if document.id not in known}
        for document in new.values():
            self.add(document)
        return list(new)

    def existing(self, document_ids: Sequence[DocumentId]) -> Sequence[DocumentId]:
        gone = self._marked()
        return [each.id for each in self._all() if each.id in document_ids and each.id not in gone]

    def attachments(self, parent_id: DocumentId) -> Sequence[DocumentId]:
        return sorted(document.id for document in self._all() if document.parent_id == parent_id)

    def drop(self, attachment_ids: Sequence[DocumentId]) -> None:
        self.work.drops_written |= set(attachment_ids)

    def dropped(self, parent_id: DocumentId) -> Sequence[DocumentId]:
        return [each for each in self.attachments(parent_id) if each in self._marked()]

    def _marked(self) -> set[DocumentId]:
        return self.work.database.drops | self.work.drops_written

    def _all(self) -> Sequence[Document]:
        self.work.database.require_up()
        with self.work.database.row_freed:
            visible = self.work.database.documents | self.work.documents_written
        return [document for document in visible.values() if document]

    def lock(self, document_id: DocumentId) -> Document:
        self.work.database.require_up()
        self.work.lock_row(document_id)
        written = self.work.documents_written
        found = written[document_id] if document_id in written else self.work.database.documents.get(document_id)
        if found is None:
            raise DocumentNotFound
        return found

    def assign_job(self, document_id: DocumentId, job_id: JobId) -> None:
        self._write(replace(self.lock(document_id), job_id=job_id))

    def publish(self, document: Document, run: Run) -> bool:
        current = self.lock(document.id)
        if document.id in self.work.database.published_runs and current.version > document.version:
            return False
        self.work.runs_published[document.id] = run.id
        self._write(replace(document, job_id=current.job_id))
        return True

    def shows(self, document_id: DocumentId, run: Run) -> bool:
        shown = self.work.database.published_runs | self.work.runs_published
        return shown.get(document_id) == run.id

    def delete(self, document_id: DocumentId) -> DeletedRows:
        self.lock(document_id)
        self.work.documents_written[document_id] = None
        for version in self.work.versions.after(document_id, 0):
            self.work.versions_written[document_id, version.version] = None
        count = len(self.work.database.published(document_id).chunks)
        return DeletedRows(chunks=count, embeddings=count)


@dataclass(frozen=True)
class InMemoryVersionStore:
    work: InMemoryUnitOfWork

    def get(self, document_id: DocumentId, version: int) -> Document:
        found = next((each for each in self.after(document_id, 0) if each.version == version), None)
        if found is None:
            raise DocumentNotFound
        return found

    def after(self, document_id: DocumentId, version: int) -> Sequence[Document]:
        self.work.database.require_up()
        with self.work.database.row_freed:
            there = self.work.database.versions | self.work.versions_written
            alone = self.work.database.documents.get(document_id)
        found = {number: each for (key, number), each in there.items() if key == document_id and each}
        if not found and alone:
            found = {alone.version: alone}
        return [found[number] for number in sorted(found, reverse=True) if number > version]

    def announced_before(self, document_id: DocumentId, before: datetime) -> Sequence[int]:
        return [each.version for each in self.after(document_id, 0) if each.created_at < before]

    def withdraw(self, document: Document) -> None:
        if len(self.after(document.id, 0)) == 1:
            return
        self.work.versions_written[document.id, document.version] = None
        if document.id not in self.work.database.published_runs:
            newest = self.after(document.id, 0)[0]
            self.work.documents_written[document.id] = replace(newest, job_id=document.job_id)


@dataclass(frozen=True)
class InMemoryUploadStore:
    work: InMemoryUnitOfWork

    def add(self, upload: Upload) -> None:
        self.work.database.require_up()
        self.work.uploads_written[upload.id] = upload

    def find(self, document_id: DocumentId, upload_id: UploadId | None) -> Upload:
        found = [upload for upload in self._of(document_id) if upload_id in {None, upload.id}]
        if not found:
            raise UploadNotFound
        return max(found, key=lambda upload: upload.id)

    def of_version(self, document: Document) -> Upload | None:
        found = [upload for upload in self._of(document.id) if upload.document.version == document.version]
        return max(found, key=lambda upload: upload.id, default=None)

    def uncompleted(self, document_id: DocumentId) -> Sequence[Upload]:
        return [upload for upload in self._of(document_id) if not upload.completed_at]

    def complete(self, upload_id: UploadId, *, at: datetime) -> None:
        self.add(replace(self.work.database.uploads[upload_id], completed_at=at))

    def delete(self, upload_id: UploadId) -> None:
        self.work.uploads_written[upload_id] = None

    def _of(self, document_id: DocumentId) -> Sequence[Upload]:
        self.work.database.require_up()
        there = (self.work.database.uploads | self.work.uploads_written).values()
        return [upload for upload in there if upload and upload.document.id == document_id]


class InMemoryPagePictures:
    """Nobody draws in memory."""

    def keys(self, _document_id: DocumentId) -> Sequence[str]:
        return ()


@dataclass(frozen=True)
class InMemoryStagedObjects:
    work: InMemoryUnitOfWork

    def add(self, parent_id: DocumentId, run: Run, keys: Sequence[str]) -> None:
        self.work.database.require_up()
        self.work.staged_written |= dict.fromkeys(keys, (parent_id, run))

    def left_behind(self, parent_id: DocumentId) -> Sequence[str]:
        noted = self.work.database.staged | self.work.staged_written
        at_work = {a.run for job in self.work.all_jobs() for a in job.actions if a.status is ActionStatus.PROCESSING}
        return sorted(
            key for key, entry in noted.items() if entry and entry[0] == parent_id and entry[1] not in at_work
        )

    def remove(self, keys: Sequence[str]) -> None:
        self.work.staged_written |= dict.fromkeys(keys)


@dataclass(frozen=True)
class InMemoryQueueSwitches:
    work: InMemoryUnitOfWork

    def pause(self, name: str) -> datetime:
        since = self._since(name) or self.work.now()
        self.work.queues_written[name] = since
        return since

    def resume(self, name: str) -> None:
        self._since(name)
        self.work.queues_written[name] = None

    def is_paused(self, name: str) -> bool:
        return (self.work.database.queues | self.work.queues_written).get(name) is not None

    def _since(self, name: str) -> datetime | None:
        self.work.database.require_up()
        there = self.work.database.queues | self.work.queues_written
        if name not in there:
            raise QueueNotFound
        return there[name]


@dataclass(frozen=True)
class InMemoryTaskStore:
    work: InMemoryUnitOfWork

    def running(self, action_type: str, params: Mapping[str, object]) -> JobId | None:
        self.work.lock_row(uuid5(DEFAULT_TENANT, f"{action_type} {sorted(params.items())}"))
        alike = (
            job.id
            for job in self.work.all_jobs()
            for a in job.actions
            if a.type == action_type and a.params == params and not job.is_final
        )
        return next(alike, None)

    def take_turn(self, schedule: str, *, every: timedelta) -> bool:
        self.work.lock_row(uuid5(DEFAULT_TENANT, schedule))
        last = self.work.database.schedules.setdefault(schedule, self.work.now())
        if self.work.now() - every < last <= self.work.now():
            return False
        self.work.turns_taken[schedule] = self.work.now()
        return True


@dataclass(frozen=True)
class InMemoryIdempotencyKeys:
    work: InMemoryUnitOfWork

    def take(self, request: IdempotentRequest, *, lifetime: timedelta) -> Made | None:
        return self._made(request, lifetime) or self.hold(request, lifetime=lifetime)

    def hold(self, request: IdempotentRequest, *, lifetime: timedelta) -> Made | None:
        if not self.work.try_lock_row(uuid5(request.tenant_id, request.key)):
            raise RequestInFlight
        return self._made(request, lifetime)

    def _made(self, request: IdempotentRequest, lifetime: timedelta) -> Made | None:
        self.work.database.require_up()
        kept = self.work.database.idempotency_keys.get((request.tenant_id, request.key))
        if kept is None or kept[2] <= self.work.now() - lifetime:
            return None
        if kept[0] != request:
            raise IdempotencyKeyReused
        return kept[1]

    def keep(self, request: IdempotentRequest, made: Made) -> None:
        self.work.keys_kept[request.tenant_id, request.key] = (request, made, self.work.now())


@dataclass(frozen=True)
class InMemoryNewApiKeys:
    work: InMemoryUnitOfWork

    def add(self, key: ApiKey) -> None:
        self.work.database.require_up()
        self.work.api_keys_added.append(key)

    def get(self, key_id: ApiKeyId) -> ApiKey:
        self.work.database.require_up()
        return self.work.database.api_keys.get(key_id)


@dataclass(frozen=True)
class InMemoryJobStore:
    work: InMemoryUnitOfWork

    def add(self, *added: Job) -> None:
        self.work.database.require_up()
        self.work.jobs_written |= {job.id: job for job in added}

    def lock(self, job_id: JobId) -> Job:
        self.work.database.require_up()
        self.work.lock_row(job_id)
        job = self._find(job_id)
        if job is None:
            raise JobNotFound
        for action in job.actions:
            self.work.lock_row(action.id)
        # What was committed while this waited for the actions.
        return self._find(job_id) or job

    def unfinished(self, document_id: DocumentId) -> Sequence[JobId]:
        self.work.database.require_up()
        return sorted(j.id for j in self.work.all_jobs() if j.document_id == document_id and not j.is_final)

    def lock_of(self, action_id: ActionId) -> Job:
        self.work.database.require_up()
        found = next((job for job in self.work.all_jobs() for a in job.actions if a.id == action_id), None)
        if found is None:
            raise JobNotFound
        return self.lock(found.id)

    def try_lock_of(self, action_id: ActionId) -> Job | None:
        self.work.database.require_up()
        found = next((job for job in self.work.all_jobs() for a in job.actions if a.id == action_id), None)
        if found is None or not all(self.work.try_lock_row(row) for row in (found.id, *(a.id for a in found.actions))):
            return None
        return self._find(found.id)

    def document_of(self, job_id: JobId) -> DocumentId | None:
        self.work.database.require_up()
        job = self._find(job_id)
        if job is None:
            raise JobNotFound
        return job.document_id

    def save(self, job: Job) -> None:
        before = self._find(job.id)
        self.add(job)
        if job.callback_url and job.is_final and before and not before.is_final:
            self.add(callback_of(job, now=self.work.now()))

    def take_unsent(self, limit: int, *, types: Collection[str]) -> Sequence[Dispatch]:
        now = self.work.now()

        def is_unsent(action: Action) -> bool:
            unsent = action.status is ActionStatus.PENDING and action.sent_at is None
            is_open = not self.work.queues.is_paused(action.queue)
            return unsent and is_open and action.due_at <= now and action.type in types

        due = [(action, job) for job in self.work.all_jobs() for action in job.actions if is_unsent(action)]
        due.sort(key=lambda pair: pair[0].due_at)
        taken: list[Dispatch] = []
        for action, job in due:
            if len(taken) < limit and self.work.try_lock_row(action.id):
                # It may have changed before it was locked.
                current = (self._find(job.id) or job).action(action.id)
                taken += [self._dispatch(current, job)] if is_unsent(current) else []
        return taken

    def mark_sent(self, action_ids: Sequence[ActionId]) -> None:
        now = self.work.now()
        for job in self.work.all_jobs():
            if any(action.id in action_ids for action in job.actions):
                sent = tuple(replace(a, sent_at=now) if a.id in action_ids else a for a in job.actions)
                self.work.jobs_written[job.id] = replace(job, actions=sent)

    def expired(
        self,
        limit: int,
        *,
        after_start: timedelta,  # noqa: ARG002
    ) -> Sequence[ActionId]:
        now = self.work.now()
        over = [a for a in self._actions(ActionStatus.PROCESSING) if a.is_expired(now=now)]
        return [action.id for action in sorted(over, key=lambda a: a.lease_until or now)[:limit]]

    def sent_before(self, seconds: float, limit: int) -> Sequence[Action]:
        before = self.work.now() - timedelta(seconds=seconds)
        old = [a for a in self._actions(ActionStatus.PENDING) if a.sent_at and a.sent_at < before]
        old.sort(key=lambda a: a.due_at)
        return [action for queue in {a.queue for a in old} for action in [a for a in old if a.queue == queue][:limit]]

    def failed(self, *, code: str | None, before: datetime, limit: int) -> Sequence[JobId]:
        return self._failed(code, before)[:limit]

    def count_failed(self, *, code: str | None, before: datetime) -> int:
        return len(self._failed(code, before))

    def _failed(self, code: str | None, before: datetime) -> list[JobId]:
        self.work.database.require_up()
        dead = [a for a in self._actions(ActionStatus.FAILED) if a.completed_at and a.completed_at < before]
        dead = [a for a in dead if code is None or (a.error and a.error.code == code)]
        dead.sort(key=lambda a: a.completed_at or before)
        return [job_id for job_id in dict.fromkeys(a.job_id for a in dead) if self._is_latest(job_id)]

    def _is_latest(self, job_id: JobId) -> bool:
        job = self._find(job_id)
        if job is None or job.document_id is None:
            return True
        document = self.work.database.documents.get(job.document_id)
        return document is not None and document.job_id == job_id

    def unclean(self, limit: int, *, types: Collection[str]) -> Sequence[Action]:
        ended = [a for job in self.work.all_jobs() for a in job.actions if a.unclean and a.status != "processing"]
        left = [a for a in ended if a.type in types]
        return sorted(left, key=lambda a: a.id)[:limit]

    def count_refused(self, action: Action) -> None:
        """Counters are PostgreSQL's."""

    def mark_clean(self, run: Run) -> None:
        job = self.lock_of(run.action_id)
        cleaned = tuple(
            replace(a, unclean=False) if a.run == run and a.status != "processing" else a for a in job.actions
        )
        self.work.jobs_written[job.id] = replace(job, actions=cleaned)

    def _actions(self, status: ActionStatus) -> list[Action]:
        return [a for job in self.work.all_jobs() for a in job.actions if a.status is status]

    def _find(self, job_id: JobId) -> Job | None:
        with self.work.database.row_freed:
            return self.work.jobs_written.get(job_id) or self.work.database.jobs.get(job_id)

    def _dispatch(self, action: Action, job: Job) -> Dispatch:
        document = self.work.database.documents.get(job.document_id) if job.document_id else None
        return Dispatch(
            action=action,
            document_id=str(document.id) if document else None,
            filename=document.filename if document else None,
        )
