"""Searching as a whole: the use case over PostgreSQL, with the real terms."""

import pytest
from sqlalchemy import Engine

from application.ports.passage_search import PassageFilter
from application.ports.passage_store import IndexedChunk
from application.use_cases.search_chunks import FoundPassage, GroupBy, SearchChunks, SearchMode, SearchRequest
from domain.chunk import Chunk
from domain.ids import DEFAULT_TENANT
from infrastructure.language.snowball_term_analyzer import SnowballTermAnalyzer
from infrastructure.postgres.passage_search import PostgresPassageSearch
from infrastructure.postgres.passage_store import PostgresPassageStore
from tests.stored_documents import add_document, end_run
from tests.support.fake_embedder import FakeEmbedder

EMBEDDER, TERMS = FakeEmbedder(), SnowballTermAnalyzer()


def add(engine: Engine, *contents: str, language: str = "pt", page: int | None = None) -> None:
    """Add a document with a chunk for each text."""
    document = add_document(engine)
    chunks = [
        IndexedChunk(
            chunk=Chunk(
                position=position,
                text=content,
                char_start=0,
                char_end=len(content),
                page_start=page,
                page_end=page,
                token_count=1,
            ),
            vector=vector,
            language=language,
            terms=TERMS.terms(content, language),
            length=len(TERMS.query_terms(content, language)),
        )
        for position, (content, vector) in enumerate(zip(contents, EMBEDDER.embed_passages(contents), strict=True))
    ]
    PostgresPassageStore(engine).write_chunks(document.run, document.id, EMBEDDER.model_name, chunks)
    end_run(engine, document, publish=True)


def ask(engine: Engine, query: str, mode: SearchMode = SearchMode.HYBRID, **more: object) -> list[FoundPassage]:
    search = SearchChunks(live_embedder=lambda: EMBEDDER, terms=TERMS, search=PostgresPassageSearch(engine))
    where = PassageFilter(tenant_id=DEFAULT_TENANT)
    return search(SearchRequest(query=query, passage_filter=where, mode=mode, **more))  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", SearchMode)
def test_a_phrase_is_found_below_hundreds_of_chunks_with_its_words(engine: Engine, mode: SearchMode) -> None:
    add(engine, *["referência ao termo, termo da referência"] * 600)
    add(engine, "Muitas outras palavras e mais outras, e só então o Termo  de\nReferência, e depois outras mais.")
    (found,) = ask(engine, '"TERMO DE REFERENCIA"', mode)
    assert [found.text[start:end] for start, end in found.highlights] == ["Termo  de\nReferência"]
    assert ask(engine, '"termo de referências"', mode) == []
    assert len(ask(engine, "termo de referência", mode)) == 10


def test_phrases_are_found_in_each_language_and_of_common_words_alone(engine: Engine) -> None:
    add(engine, "Hamlet: to be or not to be", "Hamlet: to be and not to be", language="en")
    add(engine, "be or not, diz ele", language="pt")
    found = ask(engine, '"be or not"')
    assert sorted(one.text for one in found) == ["Hamlet: to be or not to be", "be or not, diz ele"]
    assert [one.text for one in ask(engine, '"not to be" "to be or"')] == ["Hamlet: to be or not to be"]


NUMBERS_AND_CHARACTERS = [
    ("Valor: R$ 1.200,00/mês", "1.200,00", "1.200,00"),
    ("espessura 1.5-2.0 mm", "1.5", "1.5"),
    ("CPF 123.456.789-00", "123.456.789", "123.456.789"),
    ("nota 10.5/2023", "10.5", "10.5"),
    ("em 31.12.2024", "2024", "2024"),
    ("o art. 5º, caput", "art. 5", "5"),
    ("彼は猫が好きです", "猫", "猫"),
    ("黒猫。", "猫", "猫"),
    ("東京都2020年度予算", "2020", "2020"),
    ("价格1.5元", "1.5", "1.5"),
]


@pytest.mark.parametrize(("text", "query", "marked"), NUMBERS_AND_CHARACTERS)
def test_numbers_inside_compounds_and_single_characters_are_found(
    engine: Engine, text: str, query: str, marked: str
) -> None:
    add(engine, "um gato entre 7 e 8, 犬が好きです", text, language="und")
    by_words = ask(engine, query, SearchMode.KEYWORD)
    assert [one.text for one in by_words] == [text]
    assert marked in [text[start:end] for start, end in by_words[0].highlights]
    for mode in SearchMode:
        assert [one.text for one in ask(engine, f'"{query}"', mode)] == [text]
    assert ask(engine, query)[0].text == text


def test_a_quoted_number_is_not_found_by_its_parts(engine: Engine) -> None:
    add(engine, "1, 5 e 200", "1,5 mm", "21.5 mm", "art. 15", "1.55 mm")
    assert ask(engine, '"1.5"') == []


def test_a_passage_is_no_longer_for_the_parts_of_its_numbers(engine: Engine) -> None:
    add(engine, "gato, pago com 1.200,00 e 3.500,10", "gato, pago com cheque e dinheiro")
    one, other = ask(engine, "gato", SearchMode.KEYWORD)
    assert one.score == other.score


def test_terms_are_highlighted_by_their_stem_in_the_language_of_the_document(engine: Engine) -> None:
    add(engine, "As ações foram informadas à prefeitura; a Ação segue.")
    (found,) = ask(engine, "informação da acao", SearchMode.KEYWORD)
    assert [found.text[start:end] for start, end in found.highlights] == ["ações", "informadas", "Ação"]


def test_grouped_by_document_the_best_of_each_is_found_below_hundreds_of_one(engine: Engine) -> None:
    add(engine, *["gato gato"] * 300)
    add(engine, "um gato entre muitas outras palavras")
    found = ask(engine, "gato", SearchMode.KEYWORD, group_by=GroupBy.DOCUMENT)
    assert [one.text for one in found] == ["gato gato", "um gato entre muitas outras palavras"]


@pytest.mark.parametrize("mode", SearchMode)
@pytest.mark.parametrize(
    "query", ['"', '""', "🚀", '"🚀"', "x" * 4000, '"a ' * 1300, "' OR 1=1; --", "%_\\", "ቃላት ለመፈለግ"]
)
def test_odd_questions_are_answered(engine: Engine, query: str, mode: SearchMode) -> None:
    add(engine, "um gato")
    assert all(0 <= found.score <= 1 for found in ask(engine, query, mode))
