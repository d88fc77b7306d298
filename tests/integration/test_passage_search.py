"""What is found, and what must not be."""

import math
from collections.abc import Iterator

import numpy as np
import pytest
from sqlalchemy import Engine, create_engine, text

from application.ports.passage_search import PassageFilter
from domain.ids import DEFAULT_TENANT, DocumentId, TenantId, new_uuid7
from infrastructure.postgres.migrate import migrate
from infrastructure.postgres.passage_queries import FEW_CHUNKS
from infrastructure.postgres.passage_search import PostgresPassageSearch
from infrastructure.postgres.passage_store import PostgresPassageStore
from infrastructure.postgres.vectors import ensure_embedding_model
from tests.stored_documents import MODEL, add_document, add_passages, add_tenant, end_run, indexed, start_next_run, unit

EVERYTHING = PassageFilter(tenant_id=DEFAULT_TENANT)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture(params=["few chunks", "many chunks"])
def search(engine: Engine, request: pytest.FixtureRequest) -> PostgresPassageSearch:
    """Both roads must give the same: the second is taken where many chunks match."""
    if request.param == "many chunks":
        with engine.begin() as connection:
            connection.execute(
                text("""
                    WITH owner AS (
                        INSERT INTO documents (id, tenant_id, filename, content_type, size_bytes, metadata,
                            chunk_tokens, chunk_overlap, published_run, created_at)
                        SELECT gen_random_uuid(), id, 'wordless', 'x', 1, '{"kind": "invoice", "year": 2020}', 256, 32,
                            gen_random_uuid(), now()
                        FROM tenants RETURNING id, published_run
                    )
                    INSERT INTO chunks (chunk_id, run_id, document_id, position, text, char_start, char_end,
                        token_count, headings, content_hash, language, term_count)
                    SELECT gen_random_uuid(), published_run, id, n, '', 0, 0, 0, '{}', '', 'wordless', 0
                    FROM owner, generate_series(0, :many) n
                """),
                {"many": FEW_CHUNKS},
            )
    return PostgresPassageSearch(engine)


def texts(search: PostgresPassageSearch, scores: object) -> list[str]:
    return [passage.chunk.text for passage in search.passages(list(scores))]  # type: ignore[call-overload]


def find(
    search: PostgresPassageSearch, words: str, where: PassageFilter = EVERYTHING, language: str = "en"
) -> list[str]:
    return texts(search, search.keyword({language: words.split()}, where, pool=10))


def nearest(search: PostgresPassageSearch, where: PassageFilter = EVERYTHING, pool: int = 10) -> list[str]:
    return texts(search, search.semantic(MODEL, unit(1.0, 0.0, 0.0), where, pool=pool))


def test_nothing_is_found_where_nothing_is(search: PostgresPassageSearch) -> None:
    assert search.languages() == []
    assert search.keyword({"en": ["a"]}, EVERYTHING, pool=10) == {}
    assert list(search.holding({"en": ["a"], "pt": []}, EVERYTHING)) == []
    assert search.semantic(MODEL, unit(1.0, 0.0), EVERYTHING, pool=10) == {}
    assert search.cosines(MODEL, unit(1.0, 0.0), [1]) == {}
    assert search.passages([]) == search.passages([0]) == []


def test_a_query_without_terms_finds_nothing(engine: Engine, search: PostgresPassageSearch) -> None:
    add_passages(engine, "cat")
    assert search.keyword({}, EVERYTHING, pool=10) == search.keyword({"en": [], "pt": []}, EVERYTHING, pool=10) == {}


def test_the_score_is_bm25(engine: Engine, search: PostgresPassageSearch) -> None:
    add_passages(engine, "cat cat dog", "dog bird bird bird fish", "cat")
    scores = search.keyword({"en": ["cat", "cat", "bird"]}, EVERYTHING, pool=10)

    def bm25(frequency: int, length: int, document_frequency: int) -> float:
        idf = math.log(1 + (3 - document_frequency + 0.5) / (document_frequency + 0.5))
        return idf * frequency * 1.9 / (frequency + 0.9 * (0.6 + 0.4 * length / 3))

    expected = {
        "dog bird bird bird fish": bm25(3, 5, 1),
        "cat cat dog": 2 * bm25(2, 3, 2),
        "cat": 2 * bm25(1, 1, 2),
    }
    found = {passage.chunk.text: scores[passage.key] for passage in search.passages(list(scores))}
    assert found == pytest.approx(expected)
    assert list(scores.values()) == sorted(scores.values(), reverse=True)


def test_terms_count_in_their_language_only(engine: Engine, search: PostgresPassageSearch) -> None:
    document, store = add_document(engine), PostgresPassageStore(engine)
    chunks = [indexed(0, "gift box", language="en"), indexed(1, "gift flasche", language="de")]
    store.write_chunks(document.run, document.id, MODEL, chunks)
    end_run(engine, document, publish=True)
    assert sorted(search.languages()) == ["de", "en"]
    assert find(search, "gift", language="de") == ["gift flasche"]
    scores = search.keyword({"en": ["gift"], "de": ["gift"], "xx": ["gift"]}, EVERYTHING, pool=10)
    assert len(scores) == 2


def test_holding_is_having_every_term_of_the_language(engine: Engine, search: PostgresPassageSearch) -> None:
    document, store = add_document(engine, metadata={"kind": "note"}), PostgresPassageStore(engine)
    german = [indexed(3, "gift flasche", language="de"), indexed(4, "flasche", language="de")]
    english = [indexed(0, "gift box"), indexed(1, "box box gift gift"), indexed(2, "box box box")]
    store.write_chunks(document.run, document.id, MODEL, [*english, *german])
    end_run(engine, document, publish=True)
    add_passages(engine, "gift box unpublished", publish=False)

    def holding(terms: dict[str, list[str]], where: PassageFilter = EVERYTHING) -> list[str]:
        return [held for some in search.holding(terms, where) for held in some.values()]

    assert holding({"en": ["gift", "box"]}) == ["box box gift gift", "gift box"]
    assert sorted(holding({"en": ["gift", "box"], "de": ["gift"]})) == ["box box gift gift", "gift box", "gift flasche"]
    assert holding({"en": ["box", "box", "bottle"]}) == holding({}) == holding({"fr": ["box"], "xx": []}) == []
    assert holding({"en": ["gift"], "de": []})[-2:] == ["gift flasche", "flasche"]
    assert holding({"de": ["flasche"]}, PassageFilter(tenant_id=DEFAULT_TENANT, metadata={"kind": "letter"})) == []


def test_a_search_can_be_confined_to_chunks(engine: Engine, search: PostgresPassageSearch) -> None:
    add_passages(engine, "cat zero", "cat one", "cat two")
    keys = list(search.semantic(MODEL, unit(0.0, 1.0, 0.0), EVERYTHING, pool=2))
    confined = PassageFilter(tenant_id=DEFAULT_TENANT, keys=keys)
    assert sorted(find(search, "cat", confined)) == ["cat one", "cat two"]
    assert nearest(search, confined) == ["cat one", "cat two"]
    nothing = PassageFilter(tenant_id=DEFAULT_TENANT, keys=[])
    assert find(search, "cat", nothing) == nearest(search, nothing) == []


def test_two_models_stand_side_by_side(engine: Engine, search: PostgresPassageSearch) -> None:
    add_passages(engine, "zero", "one", "two")
    ensure_embedding_model(engine, "wider", 4)
    with engine.begin() as connection:
        connection.execute(
            text("""
                INSERT INTO embeddings (chunk, model, vector)
                SELECT c.id, m.id, CASE c.text WHEN 'zero' THEN '[0,0,0,1]' ELSE '[1,0,0,0]' END::vector
                FROM chunks c, embedding_models m WHERE m.name = 'wider' AND c.text IN ('zero', 'one')
            """)
        )
    assert nearest(search) == ["zero", "one", "two"]
    wider = search.semantic("wider", unit(1.0, 0.0, 0.0, 0.0), EVERYTHING, pool=10)
    assert texts(search, wider) == ["one", "zero"]
    assert list(wider.values()) == [1.0, 0.0]
    keys = list(search.semantic(MODEL, unit(1.0, 0.0, 0.0), EVERYTHING, pool=10))
    assert search.cosines("wider", unit(1.0, 0.0, 0.0, 0.0), keys) == wider
    assert search.cosines(MODEL, unit(1.0, 0.0, 0.0), keys)[keys[0]] == pytest.approx(1.0)


def test_the_nearest_come_first_with_their_cosine(engine: Engine, search: PostgresPassageSearch) -> None:
    add_passages(engine, "zero", "one", "two")
    scores = search.semantic(MODEL, unit(1.0, 0.0, 0.0), EVERYTHING, pool=2)
    assert texts(search, scores) == ["zero", "one"]
    assert list(scores.values()) == pytest.approx([1.0, math.sqrt(0.5)])
    assert search.cosines(MODEL, unit(1.0, 0.0, 0.0), list(scores)) == pytest.approx(dict(scores))
    assert search.semantic("another model", unit(1.0, 0.0, 0.0), EVERYTHING, pool=2) == {}


def test_only_the_published_run_is_found(engine: Engine, search: PostgresPassageSearch) -> None:
    add_passages(engine, "cat unpublished", publish=False)
    document = add_passages(engine, "cat old")
    again = start_next_run(engine, document)
    PostgresPassageStore(engine).write_chunks(again.run, again.id, MODEL, [indexed(0, "cat new")])
    assert find(search, "cat") == nearest(search) == ["cat old"]
    end_run(engine, again, publish=True)
    assert find(search, "cat") == nearest(search) == ["cat new"]


def test_what_is_replaced_meanwhile_is_still_there_at_one_moment(engine: Engine, search: PostgresPassageSearch) -> None:
    document = add_passages(engine, "cat old")
    again = start_next_run(engine, document)
    store = PostgresPassageStore(engine)
    store.write_chunks(again.run, again.id, MODEL, [indexed(0, "cat new")])
    with search.at_one_moment() as moment:
        keys = moment.semantic(MODEL, unit(1.0, 0.0, 0.0), EVERYTHING, pool=10)
        end_run(engine, again, publish=True)
        assert store.discard_unpublished(document.id) == 1
        assert texts(moment, keys) == find(moment, "cat") == nearest(moment) == ["cat old"]
    assert texts(search, keys) == []
    assert find(search, "cat") == nearest(search) == ["cat new"]


def test_filters_narrow(engine: Engine, search: PostgresPassageSearch) -> None:
    other = TenantId(add_tenant(engine))
    add_passages(engine, "cat of another", tenant=other)
    one = add_passages(engine, "cat one", metadata={"kind": "invoice", "year": 2020})
    two = add_passages(engine, "cat two", metadata={"kind": "letter", "year": 2020})
    for where, expected in [
        (PassageFilter(tenant_id=other), ["cat of another"]),
        (PassageFilter(tenant_id=DEFAULT_TENANT, document_ids=[two.id]), ["cat two"]),
        (PassageFilter(tenant_id=other, document_ids=[two.id]), []),
        (PassageFilter(tenant_id=DEFAULT_TENANT, document_ids=[]), []),
        (PassageFilter(tenant_id=DEFAULT_TENANT, metadata={"kind": "invoice"}), ["cat one"]),
        (PassageFilter(tenant_id=DEFAULT_TENANT, metadata={"year": 2020}), ["cat one", "cat two"]),
        (PassageFilter(tenant_id=DEFAULT_TENANT, metadata={"year": "2020"}), []),
        (PassageFilter(tenant_id=DEFAULT_TENANT, metadata={"kind": "letter"}, document_ids=[one.id]), []),
        (PassageFilter(tenant_id=DEFAULT_TENANT, document_ids=[DocumentId(new_uuid7())]), []),
    ]:
        assert sorted(find(search, "cat", where)) == sorted(nearest(search, where)) == expected


def test_a_passage_tells_where_it_is_from(engine: Engine, search: PostgresPassageSearch) -> None:
    document = add_passages(engine, "cat", filename="ação.pdf", metadata={"kind": "invoice"})
    (passage,) = search.passages(list(search.keyword({"en": ["cat"]}, EVERYTHING, pool=1)))
    assert (passage.document_id, passage.filename, passage.external_id) == (document.id, "ação.pdf", None)
    assert passage.metadata == {"kind": "invoice"}
    assert passage.chunk == indexed(0, "cat").chunk


def test_neighbours_are_of_the_same_document_and_run(engine: Engine, search: PostgresPassageSearch) -> None:
    add_passages(engine, "other", "other", "other")
    add_passages(engine, "a", "b", "c", "cat", "e")
    keys = list(search.keyword({"en": ["cat"]}, EVERYTHING, pool=1))
    (alone,) = search.passages(keys)
    (passage,) = search.passages(keys, neighbours=2)
    assert list(alone.neighbours) == []
    assert [chunk.text for chunk in passage.neighbours] == ["b", "c", "e"]


def test_a_narrow_filter_finds_what_is_far_away_among_many(engine: Engine) -> None:
    """Thousands of nearer vectors, of documents that do not match or of runs that are not published."""
    search, store = PostgresPassageSearch(engine), PostgresPassageStore(engine)
    rng = np.random.default_rng(1)
    for number in range(240):
        document = add_document(engine, metadata={"rare": number % 20 == 0, "many": number >= 10})
        near = number % 20 != 0
        vectors = [unit(1.0 if near else -1.0, *(rng.standard_normal(7) / 20)) for _ in range(30)]
        chunks = [indexed(n, f"{number} {n}", vector=vector) for n, vector in enumerate(vectors)]
        store.write_chunks(document.run, document.id, MODEL, chunks)
        end_run(engine, document, publish=number % 2 == 0)
    question = unit(1.0, *([0.0] * 7))
    for where, expected in [({"rare": True}, 50), ({"many": True}, 50), ({"many": False, "rare": True}, 30)]:
        scores = search.semantic(MODEL, question, PassageFilter(tenant_id=DEFAULT_TENANT, metadata=where), pool=50)
        assert len(scores) == expected
        assert all((cosine < 0) is ("rare" in where) for cosine in scores.values())


def test_words_are_found_below_a_thousand_better_chunks_that_do_not_match(engine: Engine) -> None:
    search = PostgresPassageSearch(engine)
    add_passages(engine, *["cat"] * 1100, publish=False)
    add_passages(engine, *["dog"] * (FEW_CHUNKS + 1))
    add_passages(engine, "a cat among so many other words that it ranks low")
    assert len(search.keyword({"en": ["cat"]}, EVERYTHING, pool=100)) == 1
