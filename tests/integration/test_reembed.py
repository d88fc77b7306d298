"""The operation `reembed`: another model, prepared beside the live one and swapped in one step."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine

from application.embedding import AddVectors
from application.models import model_of
from application.ports.passage_search import PassageFilter
from application.ports.passage_store import IndexedChunk
from application.ports.run_context import RunContext
from application.ports.vector_store import PublishedChunks
from application.run_action import ActionHandler, ActionType, Outcome
from application.use_cases.cancel_job import CancelJob
from application.use_cases.reembed_passages import ReembedPassages
from application.use_cases.search_chunks import FoundPassage, SearchChunks, SearchMode, SearchRequest
from domain.action import Action, ActionStatus, Run
from domain.cleanup import CleanupTask
from domain.embedding_model import REEMBED, ModelChoice
from domain.errors import ModelNotUsable, ModelsChanged
from domain.ids import DEFAULT_TENANT, DocumentId
from domain.job import INDEX, OPERATIONS_QUEUE, Job, PlannedAction, new_job
from domain.retry_policy import RetryPolicy
from infrastructure.language.snowball_term_analyzer import SnowballTermAnalyzer
from infrastructure.postgres.embedding_cache import PostgresEmbeddingCache
from infrastructure.postgres.model_register import PostgresModelRegister
from infrastructure.postgres.passage_search import PostgresPassageSearch
from infrastructure.postgres.passage_store import PostgresPassageStore
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from infrastructure.postgres.vector_store import PostgresVectorStore
from tests.stored_documents import indexed
from tests.support.archive import MINUTE, Archive
from tests.support.fake_embedder import FakeEmbedder, OtherEmbedder
from tests.support.in_memory_blob_store import InMemoryBlobStore
from tests.support.models import models_of
from tests.support.processes import until

FIRST, OTHER = FakeEmbedder(), OtherEmbedder()
QUESTION = "which stones does the conveyor carry"
TEXTS = [f"The conveyor number {n} carries {word} stones to the mill." for n, word in enumerate(["red", "grey", "wet"])]


@dataclass
class Corpus(Archive):
    """An archive whose workers also reembed."""

    known: dict[str, object] = field(default_factory=lambda: {"fake": FIRST, "other": OTHER})  # type: ignore[assignment]
    around_index: Callable[[ActionHandler], ActionHandler] = lambda handler: handler

    @property
    def types(self) -> Mapping[str, ActionType]:
        types = dict(super().types)
        reembed = ReembedPassages(
            models=self.models,
            register=PostgresModelRegister(self.engine),
            cache=PostgresEmbeddingCache(self.engine),
            vectors=PostgresVectorStore(self.engine),
        )
        kind = ActionType(
            name=REEMBED,
            queue=OPERATIONS_QUEUE,
            timeout=MINUTE,
            retry=RetryPolicy(first_delay_seconds=0),
            handler=reembed,
        )
        index = types[INDEX]
        changed = ActionType(
            name=INDEX, queue=index.queue, timeout=MINUTE, retry=index.retry, handler=self.around_index(index.handler)
        )
        return {**types, INDEX: changed, REEMBED: kind}

    def start_reembed(self, model: str, **params: object) -> Job:
        whole = {"model": model, **params}
        with self.transactions() as transaction:
            plan = PlannedAction(type=REEMBED, queue=OPERATIONS_QUEUE, params=whole, max_attempts=4)
            job = new_job([plan], now=transaction.now())
            transaction.jobs.add(job)
            transaction.commit()
        return job

    def reembed(self, model: str, **params: object) -> Action:
        return self.work(self.start_reembed(model, **params))

    def search(self, mode: SearchMode = SearchMode.SEMANTIC, *, question: str = QUESTION) -> list[FoundPassage]:
        search = SearchChunks(
            live_embedder=self.models.live, terms=SnowballTermAnalyzer(), search=PostgresPassageSearch(self.engine)
        )
        where = PassageFilter(tenant_id=DEFAULT_TENANT)
        return search(SearchRequest(query=question, passage_filter=where, mode=mode, limit=100))

    def again(self, action: Action) -> Action:
        """Work on an action that was given back."""
        with self.transactions() as transaction:
            job = transaction.jobs.lock_of(action.id)
        return self.work(job)

    def live(self) -> str:
        return self.models.in_use().live.name

    def vectors(self, model: str) -> int:
        (count,) = self.sql(
            "SELECT count(*) FROM embeddings e JOIN embedding_models m ON m.id = e.model WHERE m.name = :model",
            model=model,
        )
        return int(str(count))

    def indexes(self) -> int:
        (count,) = self.sql(
            "SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
            " WHERE c.relname LIKE 'ix_embeddings_vector_%' AND i.indisvalid"
        )
        return int(str(count))


@pytest.fixture
def corpus(engine: Engine, tmp_path: Path) -> Corpus:
    corpus = Corpus(engine=engine, blobs=InMemoryBlobStore(), scratch=tmp_path)
    for each in TEXTS:
        corpus.ingest(each.encode())
    return corpus


def model_that_scored(found: FoundPassage) -> str:
    """Tell whose cosine the score is."""
    of = {
        embedder.model_name: float(
            embedder.embed_query(QUESTION) @ embedder.embed_passages([found.passage.chunk.text])[0]
        )
        for embedder in (FIRST, OtherEmbedder())
    }
    assert abs(of["fake"] - of["other"]) > 1e-3, "the models cannot be told from each other by this text"
    return min(of, key=lambda name: abs((of[name] + 1) / 2 - found.score))


@contextmanager
def searching(corpus: Corpus, *, threads: int) -> Iterator[list[str]]:
    """Search without a pause; give the models that answered. Each answer is whole, and of one model alone."""
    wanted, answered, over = set(TEXTS), list[str](), threading.Event()

    def search() -> None:
        while not over.is_set():
            found = corpus.search()
            models = {model_that_scored(each) for each in found}
            assert wanted <= {each.passage.chunk.text for each in found}, "the answer lacks a passage"
            assert len(models) == 1, "the answer is of two models"
            answered.extend(models)
            assert corpus.search(SearchMode.HYBRID)

    with ThreadPoolExecutor(max_workers=threads) as pool:
        searches = [pool.submit(search) for _ in range(threads)]
        try:
            yield answered
        finally:
            over.set()
        for each in searches:
            each.result()


@dataclass(frozen=True)
class Lingers:
    """Does an index run's work, and ends with it when one more search has been answered."""

    answered: list[str]
    handler: ActionHandler

    def __call__(self, action: Action, context: RunContext) -> Outcome:
        outcome, seen = self.handler(action, context), len(self.answered)
        until(lambda: len(self.answered) > seen, seconds=60)
        return outcome

    def clean_up(self, action: Action) -> None:
        self.handler.clean_up(action)


def test_swaps_under_constant_searching_and_ingest_never_give_an_empty_or_a_mixed_answer(corpus: Corpus) -> None:
    over = threading.Event()

    def ingest() -> int:
        count = 0
        while not over.is_set():
            corpus.ingest(f"Conveyor {count} was oiled today, said {'worker ' * (count % 5)}the stones.".encode())
            count += 1
        return count

    with ThreadPoolExecutor(max_workers=2) as pool, searching(corpus, threads=2) as answered:
        # Between its last vector and its publishing a run waits for a search, so that swaps come in between.
        corpus.around_index = partial(Lingers, answered)
        ingesting = [pool.submit(ingest) for _ in range(2)]
        try:
            for model in ("other", "fake", "other"):
                swapped = corpus.reembed(model)
                while swapped.status is ActionStatus.PENDING:  # passages came in between: it is given back
                    swapped = corpus.again(swapped)
                assert (swapped.status, swapped.error) == (ActionStatus.COMPLETED, None)
                assert swapped.result
                assert swapped.result["published"]
                seen = len(answered)
                until(lambda seen=seen: len(answered) > seen + 4, seconds=60)  # type: ignore[misc]
                assert answered[-1] == model
        finally:
            over.set()
        assert sum(each.result() for each in ingesting) > 0
    assert {"fake", "other"} == set(answered)
    (lacking,) = corpus.sql(
        "SELECT count(*) FROM documents d JOIN chunks c ON c.run_id = d.published_run WHERE NOT EXISTS"
        " (SELECT FROM embeddings e JOIN models_in_use s ON s.live = e.model WHERE e.chunk = c.id)"
    )
    assert lacking == 0


def test_a_swap_waits_for_what_is_being_published_and_then_sees_it(corpus: Corpus) -> None:
    engine = corpus.engine
    swap = a_run_that_has_prepared(corpus)
    late, _ = corpus.announce(b"a late one")
    corpus.put(late.object_key, b"a late one")
    run = claimed(corpus, corpus.process(late.id))
    PostgresPassageStore(engine).write_chunks(run, late.id, "fake", [of_first("a late one")])

    def make_live() -> None:
        with PostgresUnitOfWork(engine) as transaction:
            transaction.models.make_live(swap)
            transaction.commit()

    with ThreadPoolExecutor(max_workers=1) as pool:
        with PostgresUnitOfWork(engine) as publishing:
            publishing.models.require_live_vectors(run)
            publishing.documents.publish(late, run)
            swapping = pool.submit(make_live)
            until(lambda: corpus.sql("SELECT 1 FROM pg_locks WHERE NOT granted") or swapping.done(), seconds=30)
            assert not swapping.done(), "the swap does not wait"
            publishing.commit()
        with pytest.raises(ModelsChanged):
            swapping.result()
    assert corpus.live() == "fake"


def test_a_run_that_ends_behind_a_swap_is_done_again_and_no_search_meanwhile_lacks_its_passage(corpus: Corpus) -> None:
    swapped: list[Action] = []

    class SwapsAtTheEnd:
        def __init__(self, handler: ActionHandler) -> None:
            self.handler = handler

        def __call__(self, action: Action, context: RunContext) -> Outcome:
            outcome = self.handler(action, context)
            if not swapped:
                swapped.append(corpus.reembed("other"))
            return outcome

        def clean_up(self, action: Action) -> None:
            self.handler.clean_up(action)

    corpus.around_index = SwapsAtTheEnd
    # Processed anew: if the run were published, with vectors of the first model alone, its passage would be lost.
    first, *_ = corpus.sql("SELECT id FROM documents ORDER BY id")
    job = corpus.process(DocumentId(first))  # type: ignore[arg-type]
    with searching(corpus, threads=2) as answered:
        given_back = corpus.work(job)
        assert (given_back.status, given_back.attempt, given_back.error) == (ActionStatus.PENDING, 0, None)
        assert {each.passage.chunk.text for each in corpus.search()} == set(TEXTS)
        assert corpus.vectors("fake") == len(TEXTS), "nothing of the first run is left"
        ended = corpus.again(given_back)
        assert (ended.status, ended.attempt) == (ActionStatus.COMPLETED, 1)
        seen = len(answered)
        until(lambda: len(answered) > seen + 2, seconds=60)
    assert swapped[0].status is ActionStatus.COMPLETED
    assert answered[-1] == corpus.live() == "other"


def test_a_search_that_began_before_the_swap_ends_with_the_model_it_began_with(corpus: Corpus) -> None:
    def asked() -> FakeEmbedder:
        embedder = corpus.models.live()
        corpus.reembed("other")
        return embedder  # type: ignore[return-value]

    search = SearchChunks(
        live_embedder=asked, terms=SnowballTermAnalyzer(), search=PostgresPassageSearch(corpus.engine)
    )
    request = SearchRequest(
        query=QUESTION, passage_filter=PassageFilter(tenant_id=DEFAULT_TENANT), mode=SearchMode.SEMANTIC
    )
    assert {model_that_scored(found) for found in search(request)} == {"fake"}
    assert corpus.live() == "other"
    assert {model_that_scored(found) for found in corpus.search()} == {"other"}


def test_a_swap_back_embeds_nothing_also_when_the_vectors_are_gone(corpus: Corpus) -> None:
    there = corpus.reembed("other").result
    assert there
    assert (there["passages"], there["embedded"], there["missing"], there["published"]) == (3, 3, 0, True)
    assert corpus.indexes() == 2
    assert corpus.clean(CleanupTask.JOBS) == {}, "a model that was live until now is kept"
    corpus.sql("UPDATE embedding_models SET used_at = now() - interval '8 days'")
    assert corpus.clean(CleanupTask.JOBS, dry_run=True)["old_vectors"][0] == 3
    assert corpus.clean(CleanupTask.JOBS)["old_vectors"][0] == 3
    assert (corpus.vectors("fake"), corpus.vectors("other"), corpus.indexes()) == (0, 3, 1)
    assert corpus.clean(CleanupTask.JOBS) == {}

    back = corpus.reembed("fake").result
    assert back
    assert (back["embedded"], back["reused"], back["published"]) == (0, 3, True)
    assert (corpus.live(), corpus.indexes()) == ("fake", 2)


def test_a_part_is_prepared_and_nothing_is_swapped_until_all_is_there(corpus: Corpus) -> None:
    one, *_ = corpus.sql("SELECT id FROM documents ORDER BY id")
    part = corpus.reembed("other", document_ids=[str(one)]).result
    assert part
    assert (part["passages"], part["embedded"], part["missing"], part["published"]) == (1, 1, 2, False)
    assert (corpus.live(), corpus.models.in_use().preparing) == ("fake", None)
    assert corpus.reembed("other", metadata={"no": "such"}).result["passages"] == 0  # type: ignore[index]
    rest = corpus.reembed("other").result
    assert rest
    assert (rest["passages"], rest["embedded"], rest["published"]) == (3, 2, True)


def test_the_live_model_may_be_asked_for_and_gives_what_lacks_a_vector_one(corpus: Corpus) -> None:
    assert corpus.reembed("fake").result == {
        "model": "fake",
        "passages": 3,
        "embedded": 0,
        "reused": 0,
        "missing": 0,
        "published": True,
        "warnings": [],
    }
    corpus.reembed("other")
    corpus.sql(
        "DELETE FROM embeddings WHERE chunk = (SELECT min(id) FROM chunks) AND model = (SELECT live FROM models_in_use)"
    )
    assert corpus.audit()["incomplete_passages"][0] == 1, "a vector of the old model does not count"
    assert corpus.reembed("other").result["reused"] == 1  # type: ignore[index]
    assert "incomplete_passages" not in corpus.audit()


def test_a_cancelled_one_leaves_the_live_model_and_another_may_start(corpus: Corpus) -> None:
    job = corpus.start_reembed("other")
    corpus.known["other"] = OtherEmbedder(before=partial(cancel, corpus, job))
    assert corpus.work(job).status is ActionStatus.CANCELLED
    assert (corpus.live(), corpus.models.in_use().preparing) == ("fake", None)
    corpus.known["other"] = OTHER
    again = corpus.reembed("other").result
    assert again
    assert (again["embedded"], again["published"]) == (0, True), "what was embedded is there for the next try"


def test_a_second_one_is_refused_while_one_prepares(corpus: Corpus) -> None:
    refused: list[Action] = []
    corpus.known["third"] = OtherEmbedder(model_name="third")
    corpus.known["other"] = OtherEmbedder(before=lambda: refused or refused.append(corpus.reembed("third")))  # type: ignore[func-returns-value]
    assert corpus.reembed("other").status is ActionStatus.COMPLETED
    assert refused[0].error
    assert (refused[0].error.code, refused[0].error.retryable) == ("reembedding_running", False)
    assert (corpus.live(), corpus.vectors("third")) == ("other", 0)


def test_what_a_lost_worker_prepared_is_taken_over_by_the_next_run(corpus: Corpus) -> None:
    lost = a_run_that_has_prepared(corpus)
    assert corpus.models.in_use().preparing
    corpus.sql(
        "UPDATE job_actions SET status = 'pending', unclean = true, due_at = now() WHERE id = :id", id=lost.action_id
    )
    with corpus.transactions() as transaction:
        job = transaction.jobs.lock_of(lost.action_id)
    assert corpus.work(job).status is ActionStatus.COMPLETED
    assert (corpus.live(), corpus.models.in_use().preparing) == ("other", None)
    with pytest.raises(Exception, match="another worker has it"), PostgresUnitOfWork(corpus.engine) as transaction:
        transaction.models.make_live(lost)


def test_documents_that_a_worker_publishes_without_the_next_model_are_caught_up_with(corpus: Corpus) -> None:
    elsewhere = Corpus(engine=corpus.engine, blobs=corpus.blobs, scratch=corpus.scratch, known={"fake": FIRST})
    came = iter([b"This one came meanwhile.", b"And this one."])

    def ingest() -> None:
        if data := next(came, None):
            elsewhere.ingest(data)

    corpus.known["other"] = OtherEmbedder(before=ingest)
    ended = corpus.reembed("other")
    assert (ended.status, corpus.live()) == (ActionStatus.COMPLETED, "other")
    assert corpus.vectors("other") == len(TEXTS) + 2


def test_documents_are_deleted_and_processed_anew_meanwhile(corpus: Corpus) -> None:
    first, second, _ = corpus.sql("SELECT id FROM documents ORDER BY id")
    todo = [
        lambda: corpus.delete(DocumentId(first)),  # type: ignore[arg-type]
        lambda: corpus.work(corpus.process(DocumentId(second))),  # type: ignore[arg-type]
    ]

    def disturb() -> None:
        while todo:
            todo.pop()()

    corpus.known["other"] = OtherEmbedder(before=disturb)
    assert corpus.reembed("other").result["published"]  # type: ignore[index]
    assert len(corpus.search()) == 2


def test_a_model_that_cannot_be_loaded_fails_with_a_sentence_that_tells_no_path(corpus: Corpus) -> None:
    failed = corpus.reembed("nowhere")
    assert failed.status is ActionStatus.FAILED
    assert failed.error
    assert (failed.error.code, "folder/of" in failed.error.message) == ("model_not_usable", False)
    assert corpus.live() == "fake"


def test_a_known_name_with_other_dimensions_fails(corpus: Corpus) -> None:
    corpus.known["odd"] = FakeEmbedder(dimensions=5)
    failed = corpus.reembed("odd")
    assert failed.error
    assert (failed.status, failed.error.code) == (ActionStatus.FAILED, "model_not_usable")


def test_passages_that_are_too_long_for_the_model_are_told(corpus: Corpus) -> None:
    corpus.known["short"] = FakeEmbedder(max_tokens=4, model_name="short")
    result = corpus.reembed("short").result
    assert result
    (warning,) = result["warnings"]  # type: ignore[misc]
    assert "this one reads 4" in warning
    assert result["published"]


def test_the_first_who_asks_makes_the_model_of_its_setting_live_whoever_else_asks(engine: Engine) -> None:
    settings = [ModelChoice(model=name) for name in ("fake", "other")] * 4
    both = {"fake": FIRST, "other": OTHER}
    with ThreadPoolExecutor(max_workers=len(settings)) as pool:
        names = set(pool.map(lambda s: models_of(engine, setting=s, known=both).live().model_name, settings))
    assert len(names) == 1


def test_a_setting_that_says_another_model_is_told_and_not_obeyed(
    corpus: Corpus, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        models = models_of(corpus.engine, setting=ModelChoice(model="other"), known=corpus.known)  # type: ignore[arg-type]
        models.warm_up()
    assert "searches use the model fake" in caplog.text
    assert "reembed" in caplog.text
    assert models.live().model_name == "fake"


def test_a_machine_may_keep_the_model_elsewhere_but_never_another_one_in_its_place(corpus: Corpus) -> None:
    moved = models_of(corpus.engine, setting=ModelChoice(model="/srv/fake"), known={"/srv/fake": FIRST})
    assert moved.live() is FIRST
    replaced = models_of(corpus.engine, known={"fake": OTHER})
    with pytest.raises(ModelNotUsable, match="another one"):
        replaced.live()


def cancel(corpus: Corpus, job: Job) -> None:
    CancelJob(transactions=corpus.transactions)(job.id)


def claimed(corpus: Corpus, job: Job) -> Run:
    """Claim the job's action as a worker does."""
    with corpus.transactions() as transaction:
        now = transaction.now()
        taken = transaction.jobs.lock(job.id).change(
            job.actions[0].id, lambda a: a.claim(worker="w", now=now, lease=MINUTE, timeout=MINUTE)
        )
        transaction.jobs.save(taken)
        transaction.commit()
    return taken.actions[0].run


@dataclass(frozen=True)
class Unwatched:
    """A context that nobody disturbs."""

    run: Run

    def check(self) -> None:
        pass


def a_run_that_has_prepared(corpus: Corpus) -> Run:
    """Embed all as a worker does, and stop there."""
    run = claimed(corpus, corpus.start_reembed("other"))
    corpus.models.register.prepare(model_of(OTHER, ModelChoice(model="other")), run)
    add = AddVectors(cache=PostgresEmbeddingCache(corpus.engine), vectors=PostgresVectorStore(corpus.engine))
    add(PublishedChunks(), OTHER, Unwatched(run))  # type: ignore[arg-type]
    return run


def of_first(content: str) -> IndexedChunk:
    """Return a chunk with a vector of the first model."""
    return indexed(0, content, vector=FIRST.embed_query(content))
