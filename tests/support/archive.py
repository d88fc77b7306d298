"""Documents on their whole road over real PostgreSQL and a given store, with a worker, and with cleanup beside it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import Engine, text

from application.attachments import KeepAttachments
from application.models import Models
from application.ports.blob_store import BlobStore
from application.ports.embedder import Embedder
from application.ports.extractor import DocumentOpened, Extractor
from application.run_action import ActionType, RunAction
from application.use_cases.delete_document import DeleteDocument
from application.use_cases.index_document import IndexDocument
from application.use_cases.process_uploaded_document import ProcessUploadedDocument
from application.use_cases.request_upload import RequestUpload, UploadRequest
from application.use_cases.start_task import StartTask
from bootstrap.cleaning import cleanup_action_type, wire_start
from bootstrap.doctoring import doctor_action_type
from bootstrap.settings import Settings
from domain.action import Action
from domain.audit import DOCTOR
from domain.cleanup import CLEANUP, CleanupTask, Orders, params_of
from domain.document import Document
from domain.extracted_page import ExtractedPage, UnreadablePage
from domain.failure import DocumentUnreadable, FailureCode
from domain.ids import DEFAULT_TENANT, DocumentId
from domain.job import DOCUMENT_QUEUE, INDEX, Job
from domain.multipart import Upload
from domain.retry_policy import RetryPolicy
from infrastructure.language.snowball_term_analyzer import SnowballTermAnalyzer
from infrastructure.postgres.embedding_cache import PostgresEmbeddingCache
from infrastructure.postgres.passage_store import PostgresPassageStore
from infrastructure.postgres.run_ledger import PostgresRunLedger
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from infrastructure.postgres.vector_store import PostgresVectorStore
from infrastructure.queue.heartbeat import Shutdown, ThreadHeartbeat
from tests.support.fake_embedder import FakeEmbedder
from tests.support.in_memory_extractor import InMemoryStream
from tests.support.models import models_of
from tests.support.seals import a_seal

MINUTE = timedelta(minutes=1)
BROKEN = b"broken"
TEXT = "text/plain"


class TextReader:
    """Reads bytes as text, in pages where there are form feeds; those that are broken not at all."""

    @contextmanager
    def open(self, path: Path, *, check: Callable[[], None], **_: object) -> Iterator[InMemoryStream]:
        data = path.read_bytes()
        if data == BROKEN:
            raise DocumentUnreadable(FailureCode.CORRUPT)
        texts = data.decode().split("\f")
        pages = [_page(number, text) for number, text in enumerate(texts, 1)] if texts[1:] else [_page(None, texts[0])]
        page_count = len(texts) if texts[1:] else None
        yield InMemoryStream(opened=DocumentOpened(media_type=TEXT, page_count=page_count), pages=pages, check=check)


def _page(number: int | None, text: str) -> ExtractedPage | UnreadablePage:
    if number and text == BROKEN.decode():
        return UnreadablePage(number=number, code=FailureCode.PARSER_CRASHED)
    return ExtractedPage(number=number, text=text)


@dataclass
class Archive:
    """The use cases over one database and one store, and the workers of both queues."""

    engine: Engine
    blobs: BlobStore
    scratch: Path
    settings: dict[str, object] = field(default_factory=dict)
    known: dict[str, Embedder] = field(default_factory=lambda: {"fake": FakeEmbedder()})
    """The embedding models that its workers can load; the setting is `fake`."""
    extractor: Extractor = field(default_factory=TextReader)

    @property
    def models(self) -> Models:
        return models_of(self.engine, known=self.known)

    @property
    def transactions(self) -> Callable[[], PostgresUnitOfWork]:
        return partial(PostgresUnitOfWork, self.engine)

    def announce(
        self, data: bytes, *, filename: str = "a.txt", external_id: str | None = None, multipart: bool = False
    ) -> tuple[Document, Upload | None]:
        request = UploadRequest(
            tenant_id=DEFAULT_TENANT,
            filename=filename,
            size_bytes=len(data),
            content_type=TEXT,
            external_id=external_id,
            metadata={},
            multipart=multipart,
        )
        use_case = RequestUpload(
            transactions=self.transactions,
            blobs=self.blobs,
            max_upload_bytes=100_000_000,
            upload_url_seconds=900,
            multipart_upload_seconds=86_400,
            chunk_tokens=64,
            chunk_overlap=0,
        )
        announced = use_case(request)
        return announced.document, announced.upload if isinstance(announced.upload, Upload) else None

    def put(self, key: str, data: bytes) -> None:
        source = self.scratch / f"put-{key.replace('/', '-')}"
        source.write_bytes(data)
        self.blobs.upload(key, source, content_type=TEXT)
        source.unlink()

    def process(self, document_id: DocumentId) -> Job:
        return self.start_processing(document_id).job

    @property
    def start_processing(self) -> ProcessUploadedDocument:
        return ProcessUploadedDocument(
            transactions=self.transactions, blobs=self.blobs, seal=a_seal(), wake_relay=lambda: None, max_attempts=1
        )

    @property
    def delete(self) -> DeleteDocument:
        return DeleteDocument(transactions=self.transactions, blobs=self.blobs)

    @property
    def types(self) -> Mapping[str, ActionType]:
        index = IndexDocument(
            transactions=self.transactions,
            blobs=self.blobs,
            extractor=self.extractor,
            seal=a_seal(),
            models=self.models,
            cache=PostgresEmbeddingCache(self.engine),
            terms=SnowballTermAnalyzer(),
            passages=PostgresPassageStore(self.engine),
            vectors=PostgresVectorStore(self.engine),
            attachments=KeepAttachments(transactions=self.transactions, blobs=self.blobs, delete_document=self.delete),
            scratch=self.scratch,
        )
        indexing = ActionType(name=INDEX, queue=DOCUMENT_QUEUE, timeout=MINUTE, retry=RetryPolicy(), handler=index)
        settings = Settings(_env_file=None, **self.settings)  # type: ignore[call-arg,arg-type]
        cleanup = cleanup_action_type(settings, self.engine, self.transactions, self.blobs)
        types = {kind.name: kind for kind in (indexing, cleanup)}
        doctor = doctor_action_type(
            settings, self.engine, self.transactions, self.blobs, a_seal(), known_types=lambda: [INDEX, CLEANUP, DOCTOR]
        )
        return {**types, DOCTOR: doctor}

    def work(self, job: Job) -> Action:
        """Do what a worker does with the job's message."""
        heartbeat = ThreadHeartbeat(
            ledger=PostgresRunLedger(self.engine),
            shutdown=Shutdown(grace_seconds=0),
            beat_seconds=1,
            lease=MINUTE,
            hang_seconds=60,
        )
        run = RunAction(
            transactions=self.transactions,
            heartbeat=heartbeat,
            action_types=self.types,
            worker_name="w",
            lease=MINUTE,
        )
        run(job.actions[0].id, job.actions[0].dispatch_no)
        with self.transactions() as transaction:
            return transaction.jobs.lock(job.id).actions[0]

    def ingest(self, data: bytes, *, filename: str = "a.txt", external_id: str | None = None) -> Document:
        document, _ = self.announce(data, filename=filename, external_id=external_id)
        self.put(document.object_key, data)
        self.work(self.process(document.id))
        return document

    @property
    def start_cleanup(self) -> StartTask:
        settings = Settings(_env_file=None, **self.settings)  # type: ignore[call-arg,arg-type]
        return wire_start(settings, self.transactions, action_type=CLEANUP, wake_relay=lambda: None)

    def clean(self, task: CleanupTask, *, dry_run: bool = False, force: bool = False) -> dict[str, tuple[int, int]]:
        """Run a task as a worker does; return count and bytes of each kind that there was something of."""
        action = self.work(self.start_cleanup(params_of(task, Orders(dry_run=dry_run, force=force))).job)
        assert action.status == "completed", action.error
        assert action.result
        swept = action.result["swept"]
        assert isinstance(swept, list)
        return {each["kind"]: (each["count"], each["bytes"]) for each in swept if each["count"]}

    def audit(self, *, fix: bool = False) -> dict[str, tuple[int, int]]:
        """Run the doctor as a worker does; return how many were found and repaired of each kind."""
        settings = Settings(_env_file=None)  # type: ignore[call-arg]
        start = wire_start(settings, self.transactions, action_type=DOCTOR, wake_relay=lambda: None)
        action = self.work(start({"fix": fix}).job)
        assert action.status == "completed", action.error
        assert action.result
        findings = action.result["findings"]
        assert isinstance(findings, list)
        return {each["code"]: (each["count"], each["repaired"]) for each in findings}

    def sql(self, statement: str, **parameters: object) -> list[object]:
        with self.engine.begin() as connection:
            found = connection.execute(text(statement), parameters)
            return [row[0] for row in found] if found.returns_rows else []

    def tear_out(self, table: str, row_id: object) -> None:
        """Delete a row as nobody should: what refers to it stays."""
        with self.engine.begin() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            connection.execute(text(f"DELETE FROM {table} WHERE id = :id"), {"id": row_id})  # noqa: S608 - a name

    def stored_keys(self) -> set[str]:
        return {each.key for page in self.blobs.inventory.objects("documents/") for each in page}
