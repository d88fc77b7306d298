"""Attachments of mails become documents of their own, on real PostgreSQL and with real parsers."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property, partial
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from application.attachments import KeepAttachments
from application.ports.document_reader import DocumentFilter, DocumentState
from application.ports.passage_search import PassageFilter
from application.run_action import ActionType, RunAction
from application.use_cases.clean_up_ended_runs import CleanUpEndedRuns
from application.use_cases.delete_document import DeleteDocument
from application.use_cases.index_document import IndexDocument
from application.use_cases.process_uploaded_document import ProcessUploadedDocument
from application.use_cases.reap_expired_runs import ReapExpiredRuns
from application.use_cases.search_chunks import SearchChunks, SearchRequest
from domain.action import Action
from domain.document import Document
from domain.errors import DocumentNotFound, StorageUnavailable
from domain.ids import DEFAULT_TENANT, DocumentId
from domain.job import INDEX
from domain.retry_policy import RetryPolicy
from infrastructure.extraction.limits import ExtractionLimits
from infrastructure.extraction.sandbox.extractor import SandboxedExtractor
from infrastructure.language.snowball_term_analyzer import SnowballTermAnalyzer
from infrastructure.postgres.document_reader import PostgresDocumentReader
from infrastructure.postgres.embedding_cache import PostgresEmbeddingCache
from infrastructure.postgres.passage_search import PostgresPassageSearch
from infrastructure.postgres.passage_store import PostgresPassageStore
from infrastructure.postgres.run_ledger import PostgresRunLedger
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from infrastructure.postgres.vector_store import PostgresVectorStore
from infrastructure.queue.heartbeat import Shutdown, ThreadHeartbeat
from tests.support.document_factory import a_document
from tests.support.documents import pdf
from tests.support.in_memory_blob_store import InMemoryBlobStore
from tests.support.mails import attached, mail, plain
from tests.support.models import models_of
from tests.support.seals import a_seal

SPAN = timedelta(minutes=5)
BODY = plain("The figures of the quarter are attached.")
NOTES = attached("notes.txt", b"The turbine was repaired in Recife.", "text/plain")
REPORT = attached("report.pdf", pdf(["The bridge was inspected in May."]), "application/pdf")


def mail_in_mail() -> str:
    inner = mail(plain("an old mail"), REPORT, subject="Before", boundary="inner").decode().replace("\r\n", "\n")
    return f'Content-Type: message/rfc822\nContent-Disposition: attachment; filename="before.eml"\n\n{inner}'


class Killed(BaseException):
    """The process is gone: nobody handles this."""


@dataclass
class WatchedBlobStore(InMemoryBlobStore):
    after_upload: Callable[[], None] = lambda: None
    after_delete: Callable[[], None] = lambda: None

    def upload(self, key: str, source: Path, *, content_type: str) -> str:
        etag = super().upload(key, source, content_type=content_type)
        self.after_upload()
        return etag

    def delete(self, key: str) -> bool:
        was_there = super().delete(key)
        self.after_delete()
        return was_there


@dataclass
class Office:
    """All that a document meets, wired to one database."""

    engine: Engine
    extractor: SandboxedExtractor
    scratch: Path
    blobs: WatchedBlobStore = field(default_factory=WatchedBlobStore)
    terms: SnowballTermAnalyzer = field(default_factory=SnowballTermAnalyzer)

    @property
    def transactions(self) -> Callable[[], PostgresUnitOfWork]:
        return partial(PostgresUnitOfWork, self.engine)

    @property
    def delete(self) -> DeleteDocument:
        return DeleteDocument(transactions=self.transactions, blobs=self.blobs)

    @cached_property
    def types(self) -> Mapping[str, ActionType]:
        handler = IndexDocument(
            transactions=self.transactions,
            blobs=self.blobs,
            extractor=self.extractor,
            seal=a_seal(),
            models=models_of(self.engine),
            cache=PostgresEmbeddingCache(self.engine),
            terms=self.terms,
            passages=PostgresPassageStore(self.engine),
            vectors=PostgresVectorStore(self.engine),
            attachments=KeepAttachments(transactions=self.transactions, blobs=self.blobs, delete_document=self.delete),
            scratch=self.scratch,
        )
        retry = RetryPolicy(first_delay_seconds=0.0)
        return {INDEX: ActionType(name=INDEX, queue="q", timeout=SPAN, retry=retry, handler=handler)}

    def upload(self, data: bytes, **changes: object) -> Document:
        document = self.announce(data, **changes)
        self.process(document.id)
        return document

    def announce(self, data: bytes, **changes: object) -> Document:
        document = a_document(
            **{"filename": "mail.eml", "content_type": "message/rfc822", "size_bytes": len(data), **changes}
        )
        with self.transactions() as transaction:
            document = transaction.documents.add(document)
            transaction.commit()
        self.blobs.put(document.object_key, data, document.content_type)
        return document

    def process(self, document_id: DocumentId) -> None:
        start = ProcessUploadedDocument(
            transactions=self.transactions, blobs=self.blobs, seal=a_seal(), wake_relay=lambda: None, max_attempts=4
        )
        start(document_id)

    def run(self, action: Action) -> None:
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
        run(action.id, action.dispatch_no)

    def run_one(self) -> bool:
        with self.transactions() as transaction:
            waiting = transaction.jobs.take_unsent(1, types=self.types.keys())
        for dispatch in waiting:
            self.run(dispatch.action)
        return bool(waiting)

    def waiting(self) -> list[Action]:
        with self.transactions() as transaction:
            return [each.action for each in transaction.jobs.take_unsent(10, types=self.types.keys())]

    def run_all(self) -> None:
        while self.run_one():
            pass

    def lose_worker(self) -> None:
        with self.engine.begin() as connection:
            connection.execute(text("UPDATE job_actions SET lease_until = now() - interval '1 second'"))
        reap = ReapExpiredRuns(transactions=self.transactions, action_types=self.types, lease=timedelta())
        assert reap() == 1

    def sweep(self) -> int:
        return CleanUpEndedRuns(transactions=self.transactions, action_types=self.types)()

    def states(self) -> dict[str, DocumentState]:
        found = PostgresDocumentReader(self.engine).page(
            DocumentFilter(tenant_id=DEFAULT_TENANT), before=None, limit=1000
        )
        assert len({state.document.filename for state in found}) == len(found), "a document is there twice"
        return {state.document.filename: state for state in found}

    def statuses(self) -> dict[str, str]:
        return {name: state.status.value for name, state in self.states().items()}

    def assert_no_object_is_left(self) -> None:
        assert set(self.blobs.objects) == {state.document.object_key for state in self.states().values()}
        with self.engine.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM staged_objects")).scalar_one() == 0

    def search(self, query: str, *, limit: int = 10, metadata: Mapping[str, str] | None = None) -> list[str]:
        search = SearchChunks(
            live_embedder=models_of(self.engine).live, terms=self.terms, search=PostgresPassageSearch(self.engine)
        )
        passage_filter = PassageFilter(tenant_id=DEFAULT_TENANT, metadata=metadata or {})
        request = SearchRequest(query=query, passage_filter=passage_filter, limit=limit)
        return [found.passage.filename for found in search(request)]


@pytest.fixture(scope="module")
def extractor() -> Iterator[SandboxedExtractor]:
    with SandboxedExtractor(ExtractionLimits(max_attachments=5)) as extractor:
        yield extractor


@pytest.fixture
def office(engine: Engine, extractor: SandboxedExtractor, tmp_path: Path) -> Iterator[Office]:
    yield Office(engine, extractor, tmp_path)
    assert list(tmp_path.iterdir()) == [], "temporary files are left"


def test_attachments_become_documents_and_are_found_under_their_own_names(office: Office) -> None:
    parent = office.upload(mail(BODY, NOTES, REPORT), metadata={"case": "a-1"}, chunk_tokens=64, chunk_overlap=8)
    office.run_all()
    assert office.statuses() == {"mail.eml": "completed", "notes.txt": "completed", "report.pdf": "completed"}
    assert "notes.txt" in office.search("turbine Recife", metadata={"case": "a-1"})
    assert office.search("bridge inspected May", limit=1) == ["report.pdf"]
    report = office.states()["report.pdf"].document
    assert (report.parent_id, report.attachment_depth, report.metadata) == (parent.id, 1, {"case": "a-1"})
    assert (report.content_type, report.chunk_tokens, report.chunk_overlap) == ("application/pdf", 64, 8)
    assert office.blobs.objects[report.object_key][0] == pdf(["The bridge was inspected in May."])
    office.assert_no_object_is_left()


def test_nothing_of_an_attachment_is_seen_before_its_mail_is_published(office: Office) -> None:
    seen: list[set[str]] = []
    office.blobs.after_upload = lambda: seen.append(set(office.states()))
    office.upload(mail(BODY, NOTES, REPORT))
    office.run_one()
    assert seen == [{"mail.eml"}, {"mail.eml"}]
    assert office.statuses() == {"mail.eml": "completed", "notes.txt": "pending", "report.pdf": "pending"}


def test_an_attachment_that_cannot_be_read_fails_alone(office: Office) -> None:
    office.upload(mail(BODY, attached("program.bin", b"\x7fELF" + bytes(100)), NOTES))
    office.run_all()
    assert office.statuses() == {"mail.eml": "completed", "program.bin": "failed", "notes.txt": "completed"}
    failed = office.states()["program.bin"].index_action
    assert failed
    assert failed.error
    assert failed.error.code == "unsupported_type"


def test_processing_a_mail_anew_replaces_nothing_that_is_unchanged(office: Office) -> None:
    parent = office.upload(mail(BODY, NOTES, REPORT))
    office.run_all()
    before, objects = office.states(), dict(office.blobs.objects)
    office.process(parent.id)
    office.run_all()
    after = office.states()
    assert after["mail.eml"].job != before["mail.eml"].job
    assert {name: after[name] for name in ("notes.txt", "report.pdf")} == {
        name: before[name] for name in ("notes.txt", "report.pdf")
    }
    assert office.blobs.objects == objects


def test_what_a_changed_mail_has_no_more_is_deleted(office: Office) -> None:
    parent = office.upload(mail(BODY, NOTES, REPORT), external_id="case 1")
    office.run_all()
    kept = office.states()["notes.txt"]
    office.announce(mail(BODY, NOTES), external_id="case 1")
    office.process(parent.id)
    office.run_all()
    assert set(office.states()) == {"mail.eml", "notes.txt"}
    assert office.states()["notes.txt"] == kept
    office.delete(parent.id)
    assert office.blobs.objects == {}


def test_a_version_that_ends_after_a_later_one_brings_no_attachments(office: Office) -> None:
    def the_later_version_comes_first() -> None:
        office.blobs.after_upload = lambda: None
        office.announce(mail(BODY, NOTES), external_id="case 1")
        office.process(parent.id)
        office.run_all()

    office.blobs.after_upload = the_later_version_comes_first
    parent = office.upload(mail(BODY, REPORT), external_id="case 1")
    office.run_one()
    assert set(office.states()) == {"mail.eml", "notes.txt"}
    office.run_all()
    assert office.statuses() == {"mail.eml": "completed", "notes.txt": "completed"}
    with office.engine.connect() as connection:
        jobs = connection.execute(text("SELECT count(*) FROM jobs")).scalar_one()
        assert connection.execute(text("SELECT count(*) FROM staged_objects")).scalar_one() == 0
    assert jobs == 3, "two versions and one attachment"


def test_an_attachment_that_another_version_drops_meanwhile_is_made_anew(office: Office) -> None:
    parent = office.upload(mail(BODY, NOTES), external_id="case 1")
    office.run_all()
    before = office.states()["notes.txt"].document
    for data in (mail(BODY), mail(BODY, NOTES, REPORT)):
        office.announce(data, external_id="case 1")
        office.process(parent.id)
    without, with_notes = office.waiting()

    def the_version_without_it_is_published_and_cleaned_up() -> None:
        office.blobs.after_upload = lambda: None
        office.run(without)
        assert set(office.states()) == {"mail.eml"}

    office.blobs.after_upload = the_version_without_it_is_published_and_cleaned_up
    office.run(with_notes)
    assert set(office.states()) == {"mail.eml"}, "a mail is shown with an attachment that is gone"
    [again] = office.waiting()
    assert (again.id, again.attempt, again.error) == (with_notes.id, 0, None)
    office.run_all()
    assert office.statuses() == {"mail.eml": "completed", "notes.txt": "completed", "report.pdf": "completed"}
    after = office.states()["notes.txt"].document
    assert (after.id, after.object_key == before.object_key) == (before.id, False)
    assert office.blobs.objects.keys() >= {state.document.object_key for state in office.states().values()}
    assert len(office.blobs.objects) == 5, "three versions and two attachments"
    assert "notes.txt" in office.search("turbine Recife")


def test_an_attachment_whose_deletion_broke_off_is_made_anew_and_not_deleted_again(office: Office) -> None:
    parent = office.upload(mail(BODY, NOTES), external_id="case 1")
    office.run_all()
    half_gone = office.states()["notes.txt"].document

    def the_answer_is_lost() -> None:
        raise StorageUnavailable

    office.blobs.after_delete = the_answer_is_lost
    office.announce(mail(BODY), external_id="case 1")
    office.process(parent.id)
    office.run_all()
    office.blobs.after_delete = lambda: None
    assert half_gone.object_key not in office.blobs.objects
    assert set(office.states()) == {"mail.eml", "notes.txt"}
    office.announce(mail(BODY, NOTES), external_id="case 1")
    office.process(parent.id)
    office.run_all()
    assert office.sweep() == 1
    assert office.statuses() == {"mail.eml": "completed", "notes.txt": "completed"}
    assert office.states()["notes.txt"].document.object_key in office.blobs.objects


def test_a_late_deletion_of_a_dropped_attachment_keeps_the_one_that_was_made_anew(office: Office) -> None:
    parent = office.upload(mail(BODY, mail_in_mail()), external_id="case 1")
    office.run_all()
    states = office.states()
    office.delete.dropped(states["before.eml"].document.id)
    assert office.states() == states
    office.announce(mail(BODY), external_id="case 1")
    office.process(parent.id)
    office.run_all()
    assert set(office.states()) == {"mail.eml"}


def test_the_same_file_attached_twice_is_one_document(office: Office) -> None:
    office.upload(mail(BODY, NOTES, NOTES))
    office.run_all()
    assert office.statuses() == {"mail.eml": "completed", "notes.txt": "completed"}
    office.assert_no_object_is_left()


@pytest.mark.parametrize("uploads", [1, 2])
def test_a_worker_killed_after_it_put_the_bytes_leaves_nothing_double(office: Office, uploads: int) -> None:
    left = iter(range(uploads - 1, -1, -1))

    def die() -> None:
        if next(left, None) == 0:
            raise Killed

    office.blobs.after_upload = die
    office.upload(mail(BODY, NOTES, REPORT))
    with pytest.raises(Killed):
        office.run_one()
    assert set(office.states()) == {"mail.eml"}
    assert len(office.blobs.objects) == 1 + uploads
    office.lose_worker()
    assert len(office.blobs.objects) == 1, "what the dead worker put is gone"
    office.run_all()
    assert office.statuses() == {"mail.eml": "completed", "notes.txt": "completed", "report.pdf": "completed"}
    office.assert_no_object_is_left()


def test_a_worker_that_was_thought_dead_makes_nothing_and_leaves_nothing(office: Office) -> None:
    def another_worker_does_it() -> None:
        office.blobs.after_upload = lambda: None
        office.lose_worker()
        office.run_all()

    office.blobs.after_upload = another_worker_does_it
    office.upload(mail(BODY, NOTES, REPORT))
    office.run_one()
    assert office.statuses() == {"mail.eml": "completed", "notes.txt": "completed", "report.pdf": "completed"}
    office.assert_no_object_is_left()


def test_a_mail_that_fails_for_good_leaves_no_objects(office: Office) -> None:
    def store_away() -> None:
        raise StorageUnavailable

    office.blobs.after_upload = store_away
    office.upload(mail(BODY, NOTES, REPORT))
    office.run_all()
    assert office.statuses() == {"mail.eml": "failed"}
    office.assert_no_object_is_left()


def test_objects_that_could_not_be_deleted_are_swept_when_the_store_is_back(office: Office) -> None:
    def store_goes_away() -> None:
        office.blobs.is_down = True
        raise StorageUnavailable

    office.blobs.after_upload = store_goes_away
    office.upload(mail(BODY, NOTES))
    office.run_one()
    office.blobs.is_down, office.blobs.after_upload = False, lambda: None
    assert len(office.blobs.objects) == 2
    assert office.sweep() == 1
    assert len(office.blobs.objects) == 1
    office.run_all()
    assert office.statuses() == {"mail.eml": "completed", "notes.txt": "completed"}
    office.assert_no_object_is_left()


def test_deleting_a_mail_deletes_its_attachments_and_counts_them(office: Office) -> None:
    parent = office.upload(mail(BODY, NOTES, mail_in_mail()))
    office.run_all()
    assert set(office.states()) == {"mail.eml", "notes.txt", "before.eml", "report.pdf"}
    assert office.states()["report.pdf"].document.parent_id == office.states()["before.eml"].document.id
    receipt = office.delete(parent.id)
    assert (receipt.rows.chunks, receipt.rows.embeddings, receipt.objects, receipt.jobs_cancelled) == (4, 4, 4, 0)
    assert office.states() == {}
    assert office.blobs.objects == {}
    with pytest.raises(DocumentNotFound):
        office.delete(parent.id)


def test_deleting_an_attachment_leaves_its_mail(office: Office) -> None:
    office.upload(mail(BODY, NOTES, REPORT))
    office.run_all()
    office.delete(office.states()["notes.txt"].document.id)
    assert set(office.states()) == {"mail.eml", "report.pdf"}
    office.assert_no_object_is_left()


def test_a_mail_is_deleted_while_its_attachments_are_processed(office: Office) -> None:
    parent = office.upload(mail(BODY, NOTES, mail_in_mail()))
    office.run_one()
    deleted = []

    def delete_the_mail() -> None:
        office.blobs.after_upload = lambda: None
        deleted.append(office.delete(parent.id))

    office.blobs.after_upload = delete_the_mail
    office.run_all()
    assert deleted[0].jobs_cancelled >= 1
    assert office.states() == {}
    assert office.blobs.objects == {}


def test_a_mail_is_deleted_while_it_is_read_itself(office: Office) -> None:
    deleted = []

    def delete_the_mail() -> None:
        office.blobs.after_upload = lambda: None
        deleted.append(office.delete(parent.id))

    office.blobs.after_upload = delete_the_mail
    parent = office.upload(mail(BODY, NOTES, REPORT))
    office.run_all()
    assert deleted[0].jobs_cancelled == 1
    assert office.states() == {}
    assert office.blobs.objects == {}


def test_attachments_of_attachments_are_read_to_a_depth(office: Office) -> None:
    data = mail(plain("level 5"), NOTES, subject="5")
    for level in (4, 3, 2, 1, 0):
        data = mail(plain(f"level {level}"), attached(f"{level + 1}.eml", data, "message/rfc822"), subject=str(level))
    office.upload(data)
    office.run_all()
    assert office.statuses() == dict.fromkeys(("mail.eml", "1.eml", "2.eml", "3.eml"), "completed")
    deepest = office.states()["3.eml"]
    assert deepest.document.attachment_depth == 3
    assert deepest.index_action
    assert deepest.index_action.report.warnings == ("1 attachment left out: a mail within mails, too deep to go on",)


def test_more_attachments_than_are_allowed_are_told(office: Office) -> None:
    office.upload(mail(BODY, *(attached(f"{n}.txt", b"words of %d" % n) for n in range(30))))
    office.run_all()
    assert office.statuses() == {"mail.eml": "completed"} | {f"{n}.txt": "completed" for n in range(5)}
    action = office.states()["mail.eml"].index_action
    assert action
    assert action.report.warnings == ("25 attachments left out: too many, too large or unreadable",)
