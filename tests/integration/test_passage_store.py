"""What a run writes, and who may write."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sqlalchemy import Engine, create_engine, text

from application.ports.passage_store import StoredPage
from domain.action import Run
from domain.errors import DatabaseUnavailable, LeaseLost
from domain.ids import ActionId, DocumentId, new_uuid7
from infrastructure.postgres.migrate import migrate
from infrastructure.postgres.passage_store import PostgresPassageStore
from infrastructure.postgres.vectors import ensure_embedding_model, from_binary, to_binary
from tests.stored_documents import MODEL, add_document, end_run, indexed, start_next_run


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    migrate(engine)
    yield engine
    engine.dispose()


def count(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608


def test_pages_and_chunks_are_stored_as_they_are(engine: Engine) -> None:
    document, store = add_document(engine), PostgresPassageStore(engine)
    strange = "emoji 👩‍👩‍👧 \t tab\nline \\N \\. \x01 漢字"
    store.write_pages(document.run, document.id, [StoredPage(position=0, number=None, char_start=0, text=strange)])
    store.write_chunks(document.run, document.id, MODEL, [indexed(0, strange), indexed(1, "two two words")])
    store.write_chunks(document.run, document.id, MODEL, [])
    with engine.connect() as connection:
        page = connection.execute(text("SELECT * FROM pages")).one()
        first, second = connection.execute(text("SELECT * FROM chunks ORDER BY position")).all()
        postings = connection.execute(
            text("SELECT language, term, frequency, length FROM postings WHERE chunk = :c ORDER BY term"),
            {"c": second.id},
        ).all()
        vector = connection.execute(
            text("SELECT vector_send(vector) FROM embeddings WHERE chunk = :c"), {"c": second.id}
        ).scalar_one()
    assert (page.text, page.number, page.run_id) == (strange, None, document.run.id)
    assert first.text == strange
    assert first.headings == ["Top", "Sub"]
    assert first.content_hash == indexed(0, strange).chunk.content_hash
    assert (second.char_start, second.page_start, second.term_count, second.document_id) == (1000, 2, 3, document.id)
    assert [tuple(row) for row in postings] == [("en", "two", 2, 3), ("en", "words", 1, 3)]
    assert np.array_equal(from_binary(vector), indexed(1, "x").vector)


@pytest.mark.parametrize("ended", ["completed", "failed", "cancelled", "pending"])
def test_a_run_that_ended_writes_nothing(engine: Engine, ended: str) -> None:
    document, store = add_document(engine), PostgresPassageStore(engine)
    end_run(engine, document, publish=False, status=ended)
    with pytest.raises(LeaseLost):
        store.write_pages(document.run, document.id, [StoredPage(position=0, number=1, char_start=0, text="a")])
    with pytest.raises(LeaseLost):
        store.write_chunks(document.run, document.id, MODEL, [indexed(0, "a")])
    assert count(engine, "pages") == count(engine, "chunks") == count(engine, "postings") == 0


def test_a_run_that_was_overtaken_writes_nothing(engine: Engine) -> None:
    document, store = add_document(engine), PostgresPassageStore(engine)
    later = start_next_run(engine, document)
    with pytest.raises(LeaseLost):
        store.write_chunks(document.run, document.id, MODEL, [indexed(0, "a")])
    store.write_chunks(later.run, document.id, MODEL, [indexed(0, "a")])
    assert count(engine, "chunks") == 1


def test_a_document_that_is_deleted_meanwhile_is_a_lost_lease(engine: Engine) -> None:
    document, store = add_document(engine), PostgresPassageStore(engine)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM documents"))
    with pytest.raises(LeaseLost):
        store.write_chunks(document.run, document.id, MODEL, [indexed(0, "a")])


def test_deleting_a_document_takes_its_postings_and_vectors_along(engine: Engine) -> None:
    document, store = add_document(engine), PostgresPassageStore(engine)
    store.write_chunks(document.run, document.id, MODEL, [indexed(0, "a b c")])
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM documents"))
    assert count(engine, "chunks") == count(engine, "postings") == count(engine, "embeddings") == 0


def test_writing_holds_no_lock_on_the_action(engine: Engine) -> None:
    document, store = add_document(engine), PostgresPassageStore(engine)
    seen: list[int] = []

    def pages() -> Iterator[StoredPage]:
        yield StoredPage(position=0, number=1, char_start=0, text="a")
        with engine.begin() as other:  # in the middle of the COPY
            other.execute(text("SET LOCAL lock_timeout = '1s'"))
            seen.append(other.execute(text("UPDATE job_actions SET run_lease = run_lease + 1")).rowcount)

    store.write_pages(document.run, document.id, pages())  # type: ignore[arg-type]
    assert seen == [1]


def test_only_rows_of_runs_that_are_neither_published_nor_at_work_are_discarded(engine: Engine) -> None:
    store = PostgresPassageStore(engine)
    first = add_document(engine)
    other = add_document(engine)
    for document in (first, other):
        store.write_pages(document.run, document.id, [StoredPage(position=0, number=1, char_start=0, text="a")])
        store.write_chunks(document.run, document.id, MODEL, [indexed(0, "a"), indexed(1, "b")])
    assert store.discard_unpublished(first.id) == 0
    end_run(engine, first, publish=True)
    assert store.discard_unpublished(first.id) == 0
    second = start_next_run(engine, first)
    store.write_chunks(second.run, second.id, MODEL, [indexed(0, "c")])
    assert store.discard_unpublished(first.id) == 0
    end_run(engine, second, publish=False, status="failed")
    assert store.discard_unpublished(first.id) == 1
    third = start_next_run(engine, second)
    store.write_chunks(third.run, third.id, MODEL, [indexed(0, "d")])
    end_run(engine, third, publish=True)
    assert store.discard_unpublished(first.id) == 2
    assert count(engine, "chunks") == 3
    assert count(engine, "postings") == 3
    assert count(engine, "pages") == 1


def test_one_model_comes_of_many_that_add_it_at_once(engine: Engine) -> None:
    start = threading.Barrier(4)

    def add(_: int) -> int:
        start.wait()
        return ensure_embedding_model(engine, "new", 3)

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(add, range(4)))) == 1
    assert count(engine, "embedding_models") == 1
    with pytest.raises(ValueError, match="3 dimensions"):
        ensure_embedding_model(engine, "new", 4)


def test_an_absent_database_is_told_as_unavailable() -> None:
    engine = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")
    run = Run(action_id=ActionId(new_uuid7()), run_lease=1)
    with pytest.raises(DatabaseUnavailable):
        PostgresPassageStore(engine).write_pages(run, DocumentId(new_uuid7()), [])


def test_a_connection_that_breaks_in_a_copy_is_told_as_unavailable_and_leaves_nothing(engine: Engine) -> None:
    document, store = add_document(engine), PostgresPassageStore(engine)

    def pages() -> Iterator[StoredPage]:
        yield StoredPage(position=0, number=1, char_start=0, text="a")
        with engine.begin() as other:
            other.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'COPY pages%'"))
        yield from (StoredPage(position=n, number=1, char_start=0, text="a" * 10_000) for n in range(1, 500))

    with pytest.raises(DatabaseUnavailable):
        store.write_pages(document.run, document.id, pages())  # type: ignore[arg-type]
    assert count(engine, "pages") == 0


def test_vectors_keep_their_bits() -> None:
    vector = np.array([0.1, -1.5, 3e-39], dtype=np.float32)
    assert np.array_equal(from_binary(to_binary(vector)), vector)
