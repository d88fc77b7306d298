"""The HTTP door over fakes, served for real."""

import asyncio
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import httpx
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from application.ports.dead_letter_reader import DeadLetter, DeadLetterReader
from application.ports.document_reader import DocumentReader, PublishedChunk
from application.ports.job_changes import JobChanges
from application.ports.job_reader import JobFilter, JobHistory, JobReader, JobState
from application.ports.page_reader import PageReader, PublishedPage
from application.ports.queue_messages import MessageState, QueueMessages
from application.ports.queue_reader import EndedInHour, QueueReader, QueueState, WorkerState
from application.ports.task_reader import TaskReader, TaskState
from application.ports.unit_of_work import Transactions
from application.run_action import ActionHandler, ActionType
from application.state_version import StateVersion
from application.use_cases.abort_upload import AbortUpload
from application.use_cases.cancel_job import CancelJob
from application.use_cases.check_api_key import CheckApiKey
from application.use_cases.check_stream_token import CheckStreamToken
from application.use_cases.complete_upload import CompleteUpload
from application.use_cases.create_api_key import CreateApiKey
from application.use_cases.delete_document import DeleteDocument
from application.use_cases.find_artifact import FindArtifact
from application.use_cases.issue_stream_token import IssueStreamToken
from application.use_cases.make_artifact import ARTIFACT
from application.use_cases.pause_queue import PauseQueue
from application.use_cases.process_uploaded_document import ProcessUploadedDocument
from application.use_cases.process_uploaded_documents import ProcessUploadedDocuments
from application.use_cases.replay_dead_letters import LIMIT, ReplayDeadLetters
from application.use_cases.request_artifact import RequestArtifact
from application.use_cases.request_upload import RequestUpload
from application.use_cases.request_uploads import RequestUploads
from application.use_cases.resume_queue import ResumeQueue
from application.use_cases.retry_job import RetryJob
from application.use_cases.revoke_api_key import RevokeApiKey
from application.use_cases.search_chunks import FoundPassage, SearchChunks, SearchRequest
from application.use_cases.send_part import ListParts, SendPart
from application.use_cases.start_job import StartJob
from application.use_cases.start_operation import StartOperation
from application.use_cases.start_task import StartTask
from domain.action import Action
from domain.api_key import KeyScope, PlainKey
from domain.audit import DOCTOR
from domain.callback import CallbackRules
from domain.chunk import Chunk
from domain.cleanup import CLEANUP, CLEANUP_QUEUE
from domain.document import Document
from domain.document_details import DocumentDetails
from domain.errors import JobNotFound, QueueUnavailable
from domain.ids import DEFAULT_TENANT, ChunkId, DocumentId, JobId, TenantId, new_uuid7
from domain.job import ARTIFACTS_QUEUE, Job
from domain.report import Report
from domain.retry_policy import RetryPolicy
from infrastructure.telemetry.api_telemetry import PrometheusApiTelemetry
from interface.api.app import create_app
from interface.api.feeds import Feeds
from interface.api.services import ApiServices
from interface.api.telemetry import ApiTelemetry
from tests.support.document_factory import a_document, a_job
from tests.support.http_server import listening_socket, running_uvicorn
from tests.support.in_memory_api_key_store import InMemoryApiKeyStore
from tests.support.in_memory_blob_store import InMemoryBlobStore
from tests.support.in_memory_document_reader import InMemoryDocumentReader
from tests.support.in_memory_transactions import InMemoryDatabase, Passages
from tests.support.seals import a_seal

PUBLIC_URL = "https://esteira.example"
ORIGIN = "https://app.example"
NO_ARTIFACTS = ActionType(
    name=ARTIFACT,
    queue=ARTIFACTS_QUEUE,
    timeout=timedelta(minutes=1),
    retry=RetryPolicy(),
    handler=cast("ActionHandler", None),
)
SECRET = b"secret of the tests" * 2


@dataclass
class InMemoryJobChanges:
    """Tells when the database commits, from whatever thread."""

    hearing: list[tuple[asyncio.AbstractEventLoop, Callable[[JobId], None]]] = field(default_factory=list)

    def tell(self, told: Callable[[JobId], None]) -> None:
        self.hearing.append((asyncio.get_running_loop(), told))

    def changed(self, job_ids: frozenset[JobId]) -> None:
        for loop, told in self.hearing:
            for job_id in job_ids:
                loop.call_soon_threadsafe(told, job_id)


@dataclass
class FakeSearch:
    """Stands in for SearchChunks: answers what a test put there, and keeps what was asked."""

    found: Sequence[FoundPassage] = ()
    asked: list[SearchRequest] = field(default_factory=list)
    fail: Callable[[SearchRequest], list[FoundPassage]] | None = None

    def __call__(self, request: SearchRequest) -> list[FoundPassage]:
        self.asked.append(request)
        if self.fail:
            return self.fail(request)
        return list(self.found)


class NoDeadLetters:
    """A history is not kept in memory."""

    def page(self, _tenant_id: TenantId, **_: object) -> Sequence[DeadLetter]:
        return ()

    def causes(self, _tenant_id: TenantId) -> Mapping[str, int]:
        return {}


class NoPages:
    """Nor is a page drawn, or a document described."""

    def pages(self, _document_id: DocumentId, **_: object) -> Sequence[PublishedPage]:
        return ()

    def drawn(self, _document_id: DocumentId, _checksum_sha256: str) -> frozenset[int]:
        return frozenset()

    def details(self, _document_id: DocumentId) -> DocumentDetails | None:
        return None


class NoQueues:
    """Neither are queues counted, nor asked about in Redis."""

    def states(self) -> Mapping[str, QueueState]:
        return {}

    def failure_rate(self) -> float | None:
        return None

    def hours(self, _queue: str | None = None) -> Sequence[EndedInHour]:
        return ()

    def workers(self) -> Sequence[WorkerState]:
        return ()

    def state(self) -> MessageState:
        raise QueueUnavailable


@dataclass(frozen=True)
class UnlistedJobs:
    """Nor are jobs listed."""

    database: InMemoryDatabase

    def get(self, _tenant_id: TenantId, job_id: JobId) -> Job:
        if job_id not in self.database.jobs:
            raise JobNotFound
        return self.database.jobs[job_id]

    def several(self, _tenant_id: TenantId, job_ids: Sequence[JobId]) -> Sequence[Job]:
        return [self.database.jobs[job_id] for job_id in job_ids if job_id in self.database.jobs]

    def versions(self, _tenant_id: TenantId, job_ids: Sequence[JobId]) -> Mapping[JobId, StateVersion]:
        return {job.id: StateVersion(job.version) for job in self.several(_tenant_id, job_ids)}

    def page(self, _job_filter: JobFilter, **_: object) -> Sequence[JobState]:
        return ()

    def history(self, _tenant_id: TenantId, _job_id: JobId) -> JobHistory:
        raise JobNotFound


class Nothing(Collector):
    """No figure is kept in memory."""

    def collect(self) -> Iterator[Metric]:
        return iter(())


@dataclass(frozen=True)
class InMemoryTaskReader:
    """Counts no workers."""

    database: InMemoryDatabase

    def get(self, job_id: JobId, *, action_type: str) -> TaskState:
        job = self.database.jobs.get(job_id)
        if job is None or job.actions[0].type != action_type:
            raise JobNotFound
        return TaskState(job=job, workers=0)


@dataclass
class Api:
    """The world behind the door, and what workers do in it."""

    database: InMemoryDatabase = field(default_factory=InMemoryDatabase)
    blobs: InMemoryBlobStore = field(default_factory=InMemoryBlobStore)
    changes: InMemoryJobChanges = field(default_factory=InMemoryJobChanges)
    search: FakeSearch = field(default_factory=FakeSearch)
    parts: dict[str, Callable[[], None]] = field(default_factory=dict)
    cors_origins: tuple[str, ...] = (ORIGIN,)
    transactions: Transactions | None = None
    documents: DocumentReader | None = None
    pages: PageReader | None = None
    dead_letters: DeadLetterReader | None = None
    queues: QueueReader | None = None
    queue_messages: QueueMessages | None = None
    jobs: JobReader | None = None
    telemetry: ApiTelemetry | None = None
    tasks: TaskReader | None = None
    job_changes: JobChanges | None = None
    """Other than in memory, these: for tests on PostgreSQL."""
    action_types: Mapping[str, ActionType] = field(default_factory=dict)
    callbacks: CallbackRules = field(default_factory=CallbackRules)
    keys_required: bool = False
    api_keys: InMemoryApiKeyStore = field(default_factory=InMemoryApiKeyStore)
    time_ahead: timedelta = timedelta()
    relay_wakes: int = 0
    replay_limit: int = LIMIT
    max_upload_bytes: int = 1000
    feeds: list[Feeds] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.database.on_commit = self.changes.changed
        self.database.api_keys = self.api_keys

    def services(self) -> ApiServices:
        transactions = self.transactions or self.database
        retry_job = RetryJob(transactions=transactions, wake_relay=self._wake)
        request_upload = RequestUpload(
            transactions=transactions,
            blobs=self.blobs,
            max_upload_bytes=self.max_upload_bytes,
            upload_url_seconds=900,
            multipart_upload_seconds=86400,
            chunk_tokens=256,
            chunk_overlap=32,
        )
        process_uploaded_document = ProcessUploadedDocument(
            transactions=transactions,
            blobs=self.blobs,
            seal=a_seal(),
            wake_relay=self._wake,
            max_attempts=4,
            callbacks=self.callbacks,
        )
        start_job = StartJob(
            transactions=transactions,
            action_types=self.action_types,
            wake_relay=self._wake,
            key_lifetime=timedelta(hours=24),
            callbacks=self.callbacks,
        )
        return ApiServices(
            request_upload=request_upload,
            request_uploads=RequestUploads(transactions=transactions, request_upload=request_upload),
            send_part=SendPart(transactions=transactions, blobs=self.blobs, upload_url_seconds=900),
            list_parts=ListParts(transactions=transactions, blobs=self.blobs),
            complete_upload=CompleteUpload(transactions=transactions, blobs=self.blobs),
            abort_upload=AbortUpload(transactions=transactions, blobs=self.blobs),
            process_uploaded_document=process_uploaded_document,
            process_uploaded_documents=ProcessUploadedDocuments(
                transactions=transactions, process_uploaded_document=process_uploaded_document
            ),
            cancel_job=CancelJob(transactions=transactions),
            retry_job=retry_job,
            replay_dead_letters=ReplayDeadLetters(
                transactions=transactions, retry_job=retry_job, limit=self.replay_limit
            ),
            delete_document=DeleteDocument(transactions=transactions, blobs=self.blobs),
            search_chunks=cast("SearchChunks", self.search),
            request_artifact=RequestArtifact(
                action_type=self.action_types.get(ARTIFACT, NO_ARTIFACTS), start_job=start_job
            ),
            find_artifact=FindArtifact(transactions=transactions),
            start_job=start_job,
            start_operation=StartOperation(action_types=self.action_types, start_job=start_job),
            start_cleanup=self._start(CLEANUP, transactions),
            start_doctor=self._start(DOCTOR, transactions),
            tasks=self.tasks or InMemoryTaskReader(self.database),
            documents=self.documents or InMemoryDocumentReader(self.database),
            pages=self.pages or NoPages(),
            dead_letters=self.dead_letters or NoDeadLetters(),
            queues=self.queues or NoQueues(),
            queue_messages=self.queue_messages or NoQueues(),
            pause_queue=PauseQueue(transactions=transactions),
            resume_queue=ResumeQueue(transactions=transactions, wake_relay=self._wake),
            jobs=self.jobs or UnlistedJobs(self.database),
            job_changes=self.job_changes or self.changes,
            blobs=self.blobs,
            parts=self.parts,
            monitored_parts=ChainMap(self.parts, {"database": lambda: None}),
            public_url=PUBLIC_URL,
            cors_origins=self.cors_origins,
            download_url_seconds=300,
            telemetry=self.telemetry or PrometheusApiTelemetry(Nothing()),
            keys_required=self.keys_required,
            api_keys=self.api_keys,
            create_api_key=CreateApiKey(transactions=self.database, seal=a_seal(), clock=self.clock),
            revoke_api_key=RevokeApiKey(keys=self.api_keys, clock=self.clock),
            check_api_key=CheckApiKey(keys=self.api_keys, clock=self.clock),
            issue_stream_token=IssueStreamToken(secret=lambda: SECRET, clock=self.clock),
            check_stream_token=CheckStreamToken(keys=self.api_keys, secret=lambda: SECRET, clock=self.clock),
        )

    @property
    def followers(self) -> int:
        """How many follow something, held answers included."""
        return sum(feed.followers for each in self.feeds for feed in (each.documents, each.jobs))

    def clock(self) -> datetime:
        """The time of keys and tokens, which a test can move."""
        return datetime.now(UTC) + self.time_ahead

    def make_key(self, *scopes: KeyScope, expires_at: datetime | None = None) -> PlainKey:
        create = CreateApiKey(transactions=self.database, seal=a_seal(), clock=self.clock)
        return create(DEFAULT_TENANT, name="a test", scopes=scopes or list(KeyScope), expires_at=expires_at).plain

    def add_document(self, *, content: bytes | None = None, **changes: object) -> Document:
        document = a_document(**changes)
        self.database.documents[document.id] = document
        if content is not None:
            self.blobs.put(document.object_key, content, document.content_type)
        return document

    def add_job(self, document: Document) -> Job:
        job = a_job(document)
        self.database.jobs[job.id] = job
        self.database.documents[document.id] = replace(document, job_id=job.id)
        return job

    def work(self, job_id: JobId, change: Callable[[Action], Action]) -> Job:
        """Change the job's action as a worker does, in a transaction of its own."""
        with self.database() as transaction:
            job = transaction.jobs.lock(job_id)
            job = job.change(job.actions[0].id, change)
            transaction.jobs.save(job)
            transaction.commit()
        return job

    def start(self, job_id: JobId) -> Job:
        now, span = datetime.now(UTC), timedelta(seconds=60)
        return self.work(job_id, lambda a: a.claim(worker="w", now=now, lease=span, timeout=span))

    def complete(self, job_id: JobId, pages: Sequence[tuple[int | None, str]] = ()) -> Job:
        """End a running job well; each page becomes a passage that readers see."""
        now = datetime.now(UTC)
        report = Report(pages_done=len(pages), pages_total=len(pages)).finished("All done", at=now)
        job = self.work(job_id, lambda a: a.complete(now=now, result={}, report=report))
        run = job.actions[0].run
        self.database.passages[run.id] = Passages(pages=tuple(pages), chunks=tuple(_chunks(pages)))
        self.database.published_runs[DocumentId(cast("Any", job.document_id))] = run.id
        return job

    def completed_document(self, *pages: tuple[int | None, str]) -> Document:
        document = self.add_document(content=b"%PDF")
        job = self.add_job(document)
        self.start(job.id)
        self.complete(job.id, pages)
        return document

    @contextmanager
    def serve(self) -> Iterator[httpx.Client]:
        listener = listening_socket()
        app = create_app(self.services())
        self.feeds.append(app.state.feeds)
        with running_uvicorn(app, listener) as url, httpx.Client(base_url=url, timeout=30) as client:
            yield client

    def _start(self, action_type: str, transactions: Transactions) -> StartTask:
        return StartTask(
            transactions=transactions,
            action_type=action_type,
            queue=CLEANUP_QUEUE,
            max_attempts=4,
            wake_relay=self._wake,
        )

    def _wake(self) -> None:
        self.relay_wakes += 1


def _chunks(pages: Sequence[tuple[int | None, str]]) -> Iterator[PublishedChunk]:
    start = 0
    for position, (number, text) in enumerate(pages):
        chunk = Chunk(
            position=position,
            text=text,
            char_start=start,
            char_end=start + len(text),
            page_start=number,
            page_end=number,
            token_count=len(text.split()),
            headings=("Top",),
        )
        start = chunk.char_end + 1
        yield PublishedChunk(chunk_id=ChunkId(new_uuid7()), chunk=chunk)
