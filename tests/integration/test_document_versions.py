"""New versions of documents on real PostgreSQL: what search finds while they come, fail, overtake each other."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from application.attachments import KeepAttachments
from application.ports.document_reader import DocumentState
from application.ports.extractor import DocumentOpened
from application.ports.passage_search import PassageFilter
from application.run_action import ActionType, RunAction
from application.use_cases.delete_document import DeleteDocument
from application.use_cases.index_document import IndexDocument
from application.use_cases.process_uploaded_document import ProcessUploadedDocument
from application.use_cases.request_upload import RequestUpload, UploadRequest
from application.use_cases.retry_job import RetryJob
from domain.action import ActionStatus
from domain.document import Document, DocumentStatus
from domain.errors import DocumentNotFound, NotFailed, UploadMissing
from domain.extracted_page import ExtractedPage
from domain.failure import DocumentUnreadable, FailureCode
from domain.ids import DEFAULT_TENANT, DocumentId
from domain.job import DOCUMENT_QUEUE, INDEX, Job
from domain.retry_policy import RetryPolicy
from infrastructure.language.snowball_term_analyzer import SnowballTermAnalyzer
from infrastructure.postgres.document_reader import PostgresDocumentReader
from infrastructure.postgres.embedding_cache import PostgresEmbeddingCache
from infrastructure.postgres.passage_search import PostgresPassageSearch
from infrastructure.postgres.passage_store import PostgresPassageStore
from infrastructure.postgres.run_ledger import PostgresRunLedger
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from infrastructure.postgres.vector_store import PostgresVectorStore
from infrastructure.queue.heartbeat import Shutdown, ThreadHeartbeat
from tests.support.in_memory_blob_store import InMemoryBlobStore
from tests.support.in_memory_extractor import InMemoryStream
from tests.support.models import models_of
from tests.support.seals import a_seal

MINUTE = timedelta(minutes=1)
BROKEN = b"broken"


@dataclass
class TextReader:
    """Reads bytes as text; those of a gate not before it is opened, those that are broken not at all."""

    gates: dict[bytes, threading.Event] = field(default_factory=dict)
    reading: dict[bytes, threading.Event] = field(default_factory=dict)

    @contextmanager
    def open(self, path: Path, *, check: Callable[[], None], **_: object) -> Iterator[InMemoryStream]:
        data = path.read_bytes()
        if data in self.gates:
            self.reading[data].set()
            assert self.gates[data].wait(timeout=10)
        if data == BROKEN:
            raise DocumentUnreadable(FailureCode.CORRUPT)
        pages = [ExtractedPage(number=None, text=data.decode())]
        yield InMemoryStream(opened=DocumentOpened(media_type="text/plain", page_count=None), pages=pages, check=check)

    def hold(self, data: bytes) -> None:
        self.gates[data], self.reading[data] = threading.Event(), threading.Event()


@dataclass
class Archive:
    """The use cases over one database, and a worker."""

    engine: Engine
    scratch: Path
    blobs: InMemoryBlobStore = field(default_factory=InMemoryBlobStore)
    reader: TextReader = field(default_factory=TextReader)

    @property
    def transactions(self) -> Callable[[], PostgresUnitOfWork]:
        return partial(PostgresUnitOfWork, self.engine)

    def announce(self, data: bytes, *, external_id: str | None = "x", filename: str = "a.txt", **more: str) -> Document:
        request = UploadRequest(
            tenant_id=DEFAULT_TENANT,
            filename=filename,
            size_bytes=len(data),
            content_type="text/plain",
            external_id=external_id,
            metadata=more,
        )
        use_case = RequestUpload(
            transactions=self.transactions,
            blobs=self.blobs,
            max_upload_bytes=1000,
            upload_url_seconds=60,
            multipart_upload_seconds=60,
            chunk_tokens=64,
            chunk_overlap=0,
        )
        return use_case(request).document

    def upload(self, document: Document, data: bytes) -> Document:
        self.blobs.put(document.object_key, data, "text/plain")
        return document

    def process(self, document_id: DocumentId) -> Job:
        use_case = ProcessUploadedDocument(
            transactions=self.transactions, blobs=self.blobs, seal=a_seal(), wake_relay=lambda: None, max_attempts=1
        )
        return use_case(document_id).job

    def work(self, job: Job) -> None:
        """Do what a worker does with the job's message."""
        index = IndexDocument(
            transactions=self.transactions,
            blobs=self.blobs,
            extractor=self.reader,
            seal=a_seal(),
            models=models_of(self.engine),
            cache=PostgresEmbeddingCache(self.engine),
            terms=SnowballTermAnalyzer(),
            passages=PostgresPassageStore(self.engine),
            vectors=PostgresVectorStore(self.engine),
            attachments=KeepAttachments(
                transactions=self.transactions,
                blobs=self.blobs,
                delete_document=DeleteDocument(transactions=self.transactions, blobs=self.blobs),
            ),
            scratch=self.scratch,
        )
        kind = ActionType(name=INDEX, queue=DOCUMENT_QUEUE, timeout=MINUTE, retry=RetryPolicy(), handler=index)
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
            action_types={INDEX: kind},
            worker_name="w",
            lease=MINUTE,
        )
        run(job.actions[0].id, job.actions[0].dispatch_no)

    def complete(self, data: bytes, *, external_id: str | None = "x", **description: str) -> Document:
        document = self.upload(self.announce(data, external_id=external_id, **description), data)
        self.work(self.process(document.id))
        return document

    def found(self, word: str) -> list[str]:
        """Search by a word: the text of what is found."""
        search = PostgresPassageSearch(self.engine)
        terms = {language: SnowballTermAnalyzer().terms(word, language) for language in search.languages()}
        scores = search.keyword(terms, PassageFilter(tenant_id=DEFAULT_TENANT), pool=10)
        return [passage.chunk.text for passage in search.passages(list(scores))]

    def state(self, document_id: DocumentId) -> DocumentState:
        return PostgresDocumentReader(self.engine).states([document_id])[document_id]

    def text(self, document_id: DocumentId) -> str:
        return PostgresDocumentReader(self.engine).text(document_id)

    def count(self, table: str) -> int:
        with self.engine.connect() as connection:
            return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608


@pytest.fixture
def archive(engine: Engine, tmp_path: Path) -> Archive:
    return Archive(engine=engine, scratch=tmp_path)


def test_a_new_version_replaces_the_old_one_when_it_is_completed_and_not_before(archive: Archive) -> None:
    first = archive.complete(b"apples", filename="first.txt", colour="red")
    second = archive.announce(b"pears", filename="second.txt", colour="green")
    assert (second.id, second.version) == (first.id, 2)
    assert archive.state(first.id).status is DocumentStatus.COMPLETED

    archive.upload(second, b"pears")
    job = archive.process(first.id)
    waiting = archive.state(first.id)
    assert (waiting.status, waiting.document.filename) == (DocumentStatus.PENDING, "first.txt")
    assert (archive.found("apples"), archive.found("pears")) == (["apples"], [])

    archive.work(job)
    done = archive.state(first.id)
    assert (done.status, done.document.filename, done.document.metadata) == (
        DocumentStatus.COMPLETED,
        "second.txt",
        {"colour": "green"},
    )
    assert (archive.found("apples"), archive.found("pears")) == ([], ["pears"])
    assert archive.text(first.id) == "pears"
    assert (archive.count("documents"), archive.count("chunks"), archive.count("pages")) == (1, 1, 1)


def test_a_version_that_fails_leaves_the_old_one_to_be_found(archive: Archive) -> None:
    first = archive.complete(b"apples", filename="first.txt")
    failed = archive.upload(archive.announce(BROKEN, filename="second.txt"), BROKEN)
    job = archive.process(first.id)
    archive.work(job)

    state = archive.state(first.id)
    assert (state.status, state.document.filename, state.document.version) == (
        DocumentStatus.FAILED,
        "first.txt",
        1,
    )
    assert archive.found("apples") == ["apples"]
    assert failed.object_key != first.object_key

    third = archive.complete(b"plums", filename="third.txt")
    assert (third.id, third.version) == (first.id, 3)
    assert (archive.found("apples"), archive.found("plums")) == ([], ["plums"])


def test_an_older_version_that_ends_later_replaces_no_newer_one(archive: Archive) -> None:
    archive.reader.hold(b"apples")
    first = archive.upload(archive.announce(b"apples"), b"apples")
    slow = archive.process(first.id)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(archive.work, slow)
        assert archive.reader.reading[b"apples"].wait(timeout=10)
        archive.complete(b"pears")
        assert archive.found("pears") == ["pears"]
        archive.reader.gates[b"apples"].set()
        running.result(timeout=20)

    with archive.transactions() as transaction:
        assert transaction.jobs.lock(slow.id).status is ActionStatus.COMPLETED
    state = archive.state(first.id)
    assert (state.document.version, state.status) == (2, DocumentStatus.COMPLETED)
    assert (archive.found("apples"), archive.found("pears")) == ([], ["pears"])
    assert (archive.count("chunks"), archive.count("pages")) == (1, 1)


def test_a_newer_version_that_fails_does_not_keep_the_older_one_from_being_published(archive: Archive) -> None:
    archive.reader.hold(b"apples")
    first = archive.upload(archive.announce(b"apples"), b"apples")
    slow = archive.process(first.id)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(archive.work, slow)
        assert archive.reader.reading[b"apples"].wait(timeout=10)
        archive.complete(BROKEN)
        archive.reader.gates[b"apples"].set()
        running.result(timeout=20)

    assert archive.found("apples") == ["apples"]
    assert archive.state(first.id).document.version == 1
    assert archive.state(first.id).status is DocumentStatus.FAILED
    with pytest.raises(NotFailed):
        RetryJob(transactions=archive.transactions, wake_relay=lambda: None)(slow.id)


def test_announced_at_once_under_one_id_they_are_versions_of_one_document(archive: Archive) -> None:
    for name in ("one", "other"):
        together = threading.Barrier(6)

        def announce(number: int, name: str = name, together: threading.Barrier = together) -> Document:
            together.wait(timeout=10)
            return archive.announce(b"%d" % number, external_id=name)

        with ThreadPoolExecutor(6) as pool:
            announced = list(pool.map(announce, range(6)))
        assert len({document.id for document in announced}) == 1
        assert sorted(document.version for document in announced) == [1, 2, 3, 4, 5, 6]
    assert archive.count("documents") == 2


def test_many_versions_at_once_end_with_the_newest(archive: Archive) -> None:
    words = [b"v%d" % number for number in range(1, 7)]
    documents = [archive.upload(archive.announce(word), word) for word in words[:1]]
    jobs = [archive.process(documents[0].id)]
    for word in words[1:]:
        documents.append(archive.upload(archive.announce(word), word))
        jobs.append(archive.process(documents[0].id))
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(archive.work, reversed(jobs)))

    assert [job.document_version for job in jobs] == [1, 2, 3, 4, 5, 6]
    assert archive.text(documents[0].id) == "v6"
    assert (archive.count("chunks"), archive.count("pages")) == (1, 1)


def test_what_another_program_announced_and_never_sent_stops_nobody(archive: Archive) -> None:
    sent = archive.upload(archive.announce(b"apples"), b"apples")
    archive.announce(b"never sent")

    assert archive.process(sent.id).document_version == 1
    with pytest.raises(UploadMissing):
        archive.process(sent.id)


def test_the_same_bytes_in_another_completed_document_are_told(archive: Archive) -> None:
    first = archive.complete(b"apples", external_id=None)
    failed = archive.complete(BROKEN, external_id=None)
    second, third = (archive.complete(b"apples", external_id=None) for _ in range(2))
    again = archive.complete(BROKEN, external_id=None)

    told = [archive.state(document.id).duplicate_of for document in (first, failed, second, third, again)]
    assert told == [None, None, first.id, first.id, None]
    assert archive.state(first.id).document.checksum_sha256 == hashlib.sha256(b"apples").hexdigest()

    DeleteDocument(transactions=archive.transactions, blobs=archive.blobs)(first.id)
    assert archive.state(third.id).duplicate_of == second.id


def test_bytes_that_another_version_has_replaced_are_no_duplicate(archive: Archive) -> None:
    archive.complete(b"apples")
    archive.complete(b"pears")
    assert archive.state(archive.complete(b"apples", external_id=None).id).duplicate_of is None


def test_bytes_that_were_replaced_before_they_are_read_again_are_not_held_to_the_first_ones(archive: Archive) -> None:
    document = archive.complete(b"apples")
    archive.upload(document, b"plums!")
    archive.work(archive.process(document.id))
    assert archive.text(document.id) == "plums!"


def test_an_id_that_nobody_gave_names_no_document(archive: Archive) -> None:
    assert archive.announce(b"a", external_id=None).id != archive.announce(b"a", external_id=None).id
    assert archive.announce(b"a", external_id="a").id != archive.announce(b"a", external_id="A").id


def test_until_something_is_published_the_newest_description_is_shown(archive: Archive) -> None:
    first = archive.announce(b"apples", filename="first.txt")
    archive.announce(b"pears", filename="second.txt")
    state = archive.state(first.id)
    assert (state.document.filename, state.document.version, state.status) == (
        "second.txt",
        2,
        DocumentStatus.AWAITING_UPLOAD,
    )


def test_a_deletion_takes_all_versions_with_their_bytes_and_work(archive: Archive) -> None:
    first = archive.complete(b"apples")
    archive.complete(b"pears")
    archive.upload(archive.announce(b"plums"), b"plums")
    running = archive.process(first.id)
    archive.upload(archive.announce(b"figs"), b"figs")
    archive.process(first.id)

    receipt = DeleteDocument(transactions=archive.transactions, blobs=archive.blobs)(first.id)

    assert (receipt.objects, receipt.jobs_cancelled, archive.blobs.objects) == (4, 2, {})
    archive.work(running)
    tables = ("documents", "document_versions", "chunks", "pages", "embeddings", "postings")
    assert [archive.count(table) for table in tables] == [0] * 6
    with pytest.raises(DocumentNotFound):
        archive.process(first.id)
    assert archive.announce(b"anew").id != first.id
