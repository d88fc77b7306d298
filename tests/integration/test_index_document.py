"""The main work on real PostgreSQL, over a fake reader, embedder and object store."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from application.attachments import KeepAttachments
from application.indexing import MOST_WAITING_CHUNKS
from application.run_action import Outcome
from application.use_cases.delete_document import DeleteDocument
from application.use_cases.index_document import IndexDocument
from domain.action import Action, Run
from domain.document import Document
from domain.errors import EsteiraError, RunCancelled
from domain.extracted_page import ExtractedPage, UnreadablePage
from domain.report import Report, Stage
from infrastructure.language.snowball_term_analyzer import SnowballTermAnalyzer
from infrastructure.postgres.embedding_cache import PostgresEmbeddingCache
from infrastructure.postgres.passage_store import PostgresPassageStore
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from infrastructure.postgres.vector_store import PostgresVectorStore
from tests.support.document_factory import a_document, a_job
from tests.support.fake_embedder import FakeEmbedder
from tests.support.in_memory_blob_store import InMemoryBlobStore
from tests.support.in_memory_extractor import InMemoryExtractor, Page
from tests.support.models import models_of
from tests.support.seals import a_seal

SPAN = timedelta(minutes=5)
SENTENCE = "The conveyor carries the sorted stones to the mill. "


@dataclass
class Watched:
    """A run context that keeps what is told, and raises a verdict after so many questions."""

    run: Run
    verdict: EsteiraError | None = None
    questions: int = 10**9
    reports: list[Report] = field(default_factory=list)

    def check(self) -> None:
        self.questions -= 1
        if self.questions < 0 and self.verdict:
            raise self.verdict

    def pause(self, _seconds: float) -> bool:
        return True

    def report(self, report: Report) -> None:
        self.reports.append(report)

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class Bench:
    engine: Engine
    scratch: Path
    blobs: InMemoryBlobStore = field(default_factory=InMemoryBlobStore)
    pages: dict[bytes, Sequence[Page]] = field(default_factory=dict)
    passwords: dict[bytes, str] = field(default_factory=dict)

    def work(self) -> IndexDocument:
        return IndexDocument(
            transactions=partial(PostgresUnitOfWork, self.engine),
            blobs=self.blobs,
            extractor=InMemoryExtractor(documents=self.pages, passwords=self.passwords),
            seal=a_seal(),
            models=models_of(self.engine),
            cache=PostgresEmbeddingCache(self.engine),
            terms=SnowballTermAnalyzer(),
            passages=PostgresPassageStore(self.engine),
            vectors=PostgresVectorStore(self.engine),
            attachments=KeepAttachments(
                transactions=partial(PostgresUnitOfWork, self.engine),
                blobs=self.blobs,
                delete_document=DeleteDocument(transactions=partial(PostgresUnitOfWork, self.engine), blobs=self.blobs),
            ),
            scratch=self.scratch,
        )

    def claimed(self, pages: Sequence[Page], *, chunk_tokens: int = 16) -> tuple[Document, Action]:
        document = a_document(chunk_tokens=chunk_tokens, chunk_overlap=0)
        etag = self.blobs.put(document.object_key, b"%PDF", "application/pdf")
        self.pages[b"%PDF"] = pages
        job = a_job(document)
        job = job.change(job.actions[0].id, lambda a: replace(a, params={**a.params, "etag": etag}))
        with PostgresUnitOfWork(self.engine) as transaction:
            transaction.documents.add(document)
            transaction.jobs.add(job)
            now = transaction.now()
            job = job.change(job.actions[0].id, lambda a: a.claim(worker="w", now=now, lease=SPAN, timeout=SPAN))
            transaction.jobs.save(job)
            transaction.commit()
        return document, job.actions[0]

    def rows(self) -> int:
        with self.engine.connect() as connection:
            counts = "SELECT (SELECT count(*) FROM chunks) + (SELECT count(*) FROM pages)"
            return int(connection.execute(text(counts)).scalar_one())


@pytest.fixture
def bench(engine: Engine, tmp_path: Path) -> Iterator[Bench]:
    yield Bench(engine=engine, scratch=tmp_path)
    assert list(tmp_path.iterdir()) == [], "temporary files are left"


def page(number: int, sentences: int = 3) -> ExtractedPage:
    return ExtractedPage(number=number, text=SENTENCE * sentences)


def indexed(bench: Bench, pages: Sequence[Page]) -> tuple[Outcome, Watched]:
    _, action = bench.claimed(pages)
    context = Watched(run=action.run)
    return bench.work()(action, context), context


def test_what_could_not_be_read_is_told_and_the_rest_is_indexed(bench: Bench) -> None:
    outcome, _ = indexed(bench, [page(1), UnreadablePage(number=2, code="parser_crashed"), page(3)])
    assert outcome.report.unreadable == (UnreadablePage(number=2, code="parser_crashed"),)
    assert outcome.report.warnings == ("page 2 crashed the parser, 2 pages indexed",)
    assert outcome.report.message.endswith(" passages indexed, 1 page unreadable")
    assert outcome.result["pages"] == 2


def test_a_long_text_without_pages_is_not_kept_until_its_end(bench: Bench) -> None:
    pieces = [ExtractedPage(number=None, text=SENTENCE * 200) for _ in range(40)]
    outcome, context = indexed(bench, pieces)
    on_the_way = [report.chunks_done for report in context.reports if report.chunks_total is None]
    left_at_the_end = int(str(outcome.result["chunks"])) - on_the_way[-1]
    assert 0 < left_at_the_end < 2 * MOST_WAITING_CHUNKS < int(str(outcome.result["chunks"]))


def test_pages_read_from_pictures_are_told(bench: Bench) -> None:
    outcome, _ = indexed(bench, [page(1), replace(page(2), recognized=True)])
    assert outcome.report.warnings == ("1 page was read by OCR",)


def test_a_document_that_was_read_whole_warns_of_nothing(bench: Bench) -> None:
    outcome, context = indexed(bench, [page(1)])
    assert outcome.report.warnings == ()
    assert {times.name for times in outcome.report.stages} == set(Stage)
    assert context.reports[-1].progress == 95


def test_a_chunk_is_never_longer_than_the_model_sees_whatever_was_asked_for(bench: Bench) -> None:
    document, action = bench.claimed([page(1, 400)], chunk_tokens=100_000)
    bench.work()(action, Watched(run=action.run))
    with bench.engine.connect() as connection:
        longest = text("SELECT max(token_count) FROM chunks WHERE document_id = :document")
        assert 200 < connection.execute(longest, {"document": document.id}).scalar_one() <= FakeEmbedder().max_tokens


def test_progress_never_falls_however_the_text_is_spread(bench: Bench) -> None:
    sizes = [60, 1, 1, 90, 1, 200, 1, 1, 1, 40]
    _, context = indexed(bench, [page(number, size) for number, size in enumerate(sizes, 1)])
    told = [report.progress for report in context.reports]
    assert told == sorted(told)
    assert len(set(told)) > 4


def test_an_attempt_that_was_given_back_goes_on_from_the_progress_it_showed(bench: Bench) -> None:
    _, action = bench.claimed([page(1), page(2)])
    context = Watched(run=action.run)
    bench.work()(replace(action, report=Report(progress=60)), context)
    assert min(report.progress for report in context.reports) == 60


@pytest.mark.parametrize("questions", [0, 2, 5, 9])
def test_a_cancel_is_obeyed_at_any_point_and_leaves_no_row_behind(bench: Bench, questions: int) -> None:
    _, action = bench.claimed([page(number, 60) for number in range(1, 5)])
    work = bench.work()
    with pytest.raises(RunCancelled):
        work(action, Watched(run=action.run, verdict=RunCancelled(), questions=questions))
    with PostgresUnitOfWork(bench.engine) as transaction:
        job = transaction.jobs.lock_of(action.id)
        transaction.jobs.save(job.change(action.id, lambda a: a.cancel(now=transaction.now())))
        transaction.commit()
    work.clean_up(action)
    assert bench.rows() == 0


def test_the_language_is_that_of_the_document_and_not_of_its_beginning(bench: Bench) -> None:
    licence = ExtractedPage(number=None, text=SENTENCE * 60)
    body = ExtractedPage(number=None, text="A correia leva as pedras já separadas até o moinho da usina. " * 200)
    indexed(bench, [licence, body])
    with bench.engine.connect() as connection:
        languages = connection.execute(text("SELECT DISTINCT language FROM chunks")).scalars().all()
    assert languages == ["pt"]
