"""How the arms become one answer."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from application.ports.passage_search import Passage, PassageFilter
from application.ports.term_analyzer import LocatedTerm
from application.use_cases.search_chunks import GroupBy, SearchChunks, SearchMode, SearchRequest
from domain.chunk import Chunk
from domain.errors import InvalidRequest
from domain.folded_text import FoldedText, fold
from domain.ids import DEFAULT_TENANT, ChunkId, DocumentId, new_uuid7
from domain.joined_chunks import join_chunks

DOCUMENT, OTHER = DocumentId(new_uuid7()), DocumentId(new_uuid7())


def chunk(position: int, start: int, text: str, page: int | None = 1) -> Chunk:
    return Chunk(
        position=position,
        text=text,
        char_start=start,
        char_end=start + len(text),
        page_start=page,
        page_end=page,
        token_count=1,
    )


@dataclass(frozen=True)
class Arms:
    """A search that knows its answers: cosines of all chunks, of which the index finds some, and BM25 scores."""

    cosine: Mapping[int, float] = field(default_factory=dict)
    indexed: frozenset[int] = frozenset()
    bm25: Mapping[int, float] = field(default_factory=dict)
    texts: Mapping[int, str] = field(default_factory=dict)
    pages: Mapping[int, int | None] = field(default_factory=dict)
    documents: Mapping[int, DocumentId] = field(default_factory=dict)
    asked: list[Mapping[str, Sequence[str]]] = field(default_factory=list)
    required: list[Mapping[str, Sequence[str]]] = field(default_factory=list)
    model_name: str = "model"
    dimensions: int = 2
    max_tokens: int = 256
    pool: int = 100

    def at_one_moment(self) -> AbstractContextManager["Arms"]:
        return nullcontext(self)

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        raise AssertionError(f"a question is no passage: {texts}")

    def embed_query(self, query: str) -> NDArray[np.float32]:
        assert '"' not in query
        return np.ones(2, dtype=np.float32)

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        return [(0, len(text))]

    def languages(self) -> list[str]:
        return ["en", "pt"]

    def language_of(self, text: str) -> str:
        return "en" if text else "und"

    def terms(self, text: str, language: str) -> list[str]:
        return [f"{language}:{word}" for word in fold(text).split()]

    def located_terms(self, text: FoldedText, language: str) -> list[LocatedTerm]:
        words = re.finditer(r"\S+", text.text)
        return [LocatedTerm(f"{language}:{word[0]}", *text.place(*word.span())) for word in words]

    def query_terms(self, query: str, language: str) -> list[str]:
        return self.terms(query, language)

    def required_terms(self, phrase: str, language: str) -> list[str]:
        return self.terms(phrase, language)

    def semantic(
        self, model_name: str, vector: NDArray[np.float32], passage_filter: PassageFilter, *, pool: int
    ) -> dict[int, float]:
        assert (model_name, len(vector), pool) == ("model", 2, self.pool)
        assert passage_filter.tenant_id == DEFAULT_TENANT
        return {
            key: self.cosine[key] for key in self.indexed if passage_filter.keys is None or key in passage_filter.keys
        }

    def keyword(
        self, terms: Mapping[str, Sequence[str]], passage_filter: PassageFilter, *, pool: int
    ) -> Mapping[int, float]:
        assert passage_filter.tenant_id == DEFAULT_TENANT
        assert pool == self.pool
        self.asked.append(terms)
        return {
            key: score for key, score in self.bm25.items() if passage_filter.keys is None or key in passage_filter.keys
        }

    def holding(self, terms: Mapping[str, Sequence[str]], passage_filter: PassageFilter) -> Iterator[Mapping[int, str]]:
        assert passage_filter == PassageFilter(tenant_id=DEFAULT_TENANT)
        self.required.append(terms)
        yield from ({key: text} for key, text in self.texts.items())

    def cosines(self, model_name: str, vector: NDArray[np.float32], keys: Sequence[int]) -> dict[int, float]:
        assert (model_name, len(vector)) == ("model", 2)
        return {key: self.cosine[key] for key in keys}

    def passages(self, keys: Sequence[int], *, neighbours: int = 0) -> list[Passage]:
        return [
            Passage(
                key=key,
                chunk_id=ChunkId(new_uuid7()),
                document_id=self.documents.get(key, DOCUMENT),
                filename="a.pdf",
                external_id=None,
                metadata={},
                language="en",
                chunk=chunk(5, 50, self.texts.get(key, "found"), self.pages.get(key, 1)),
                neighbours=[chunk(4, 44, "words fo"), chunk(6, 57, "after", page=2)] if neighbours else [],
            )
            for key in keys
            if key != 13
        ]


def request(mode: SearchMode = SearchMode.HYBRID) -> SearchRequest:
    return SearchRequest(query="two words", mode=mode, passage_filter=PassageFilter(tenant_id=DEFAULT_TENANT))


def answer(arms: Arms, asked: SearchRequest) -> dict[int, float]:
    found = SearchChunks(live_embedder=lambda: arms, terms=arms, search=arms)(asked)
    return {one.passage.key: one.score for one in found}


def test_hybrid_joins_both_arms_with_the_true_cosines_of_what_only_words_found() -> None:
    arms = Arms(cosine={1: 1.0, 2: 0.5, 3: 0.0}, indexed=frozenset({1, 2}), bm25={3: 4.0, 2: 2.0})
    scores = answer(arms, request())
    assert list(scores) == [1, 2, 3]
    assert scores == pytest.approx({1: 0.7, 2: 0.7 * 0.75 + 0.3 * 0.5, 3: 0.7 * 0.5 + 0.3})
    assert arms.asked == [{"en": ["en:two", "en:words"], "pt": ["pt:two", "pt:words"]}]


def test_alone_a_cosine_is_scaled_to_0_to_1_and_bm25_to_its_best() -> None:
    arms = Arms(cosine={1: 1.0, 2: -1.0, 3: 1.0000001}, indexed=frozenset({1, 2, 3}), bm25={3: 4.0, 2: 2.0})
    assert answer(arms, request(SearchMode.SEMANTIC)) == {1: 1.0, 3: 1.0, 2: 0.0}
    assert answer(arms, request(SearchMode.KEYWORD)) == {3: 1.0, 2: 0.5}


@pytest.mark.parametrize("mode", SearchMode)
def test_nothing_found_is_an_empty_answer(mode: SearchMode) -> None:
    assert answer(Arms(), request(mode)) == {}


def test_the_limit_is_kept_and_what_was_deleted_meanwhile_is_left_out() -> None:
    arms = Arms(bm25={key: 20.0 - key for key in range(10, 20)})
    assert list(answer(arms, replace(request(SearchMode.KEYWORD), limit=5))) == [10, 11, 12, 14]


def test_neighbours_extend_text_span_and_pages_without_repeating() -> None:
    arms = Arms(bm25={1: 1.0})
    (alone,) = SearchChunks(live_embedder=lambda: arms, terms=arms, search=arms)(request(SearchMode.KEYWORD))
    assert (alone.text, alone.char_start, alone.char_end) == ("found", 50, 55)
    asked = replace(request(SearchMode.KEYWORD), neighbours=1)
    (found,) = SearchChunks(live_embedder=lambda: arms, terms=arms, search=arms)(asked)
    assert found.text == "words found\n\nafter"
    assert (found.char_start, found.char_end, found.page_start, found.page_end) == (44, 62, 1, 2)
    assert len(found.text) == found.char_end - found.char_start


def test_joined_chunks_keep_their_distance() -> None:
    joined = join_chunks([chunk(2, 20, "c"), chunk(0, 0, "one two."), chunk(1, 4, "two. three")])
    assert joined.text == "one two. three\n\n\n\n\n\nc"
    assert join_chunks([chunk(0, 0, "a"), chunk(1, 2, "b")]).text == "a b"


@pytest.mark.parametrize(
    "wrong", [{"query": " \n"}, {"limit": 0}, {"limit": 101}, {"neighbours": -1}, {"neighbours": 4}]
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest):
        answer(Arms(), replace(request(), **wrong))  # type: ignore[arg-type]


def test_a_passage_that_holds_a_copied_sentence_comes_first() -> None:
    arms = Arms(
        cosine={1: 1.0, 2: 0.5, 3: 0.4},
        indexed=frozenset({1, 2, 3}),
        bm25={1: 4.0, 2: 2.0},
        texts={2: "Before it. The belt stops\nwithin half a second. After it."},
    )
    copied = replace(request(), query="the belt stops within half a  second.")
    scores = answer(arms, copied)
    assert list(scores) == [2, 1, 3]
    assert 1 >= scores[2] >= 0.5 >= scores[1] >= scores[3] >= 0


def test_a_few_words_are_no_quote() -> None:
    arms = Arms(cosine={1: 1.0, 2: 0.5}, indexed=frozenset({1, 2}), texts={2: "found two words here"})
    assert list(answer(arms, request())) == [1, 2]


QUOTED = replace(request(), query='says "Two  WÓRDS"')
HOLDERS = Arms(
    cosine={1: 1.0, 2: 0.5, 3: 0.4},
    indexed=frozenset({1, 2, 3}),
    bm25={1: 4.0, 2: 2.0},
    texts={1: "words, two", 2: "says: two words", 3: "two\nwords!", 4: "twofold words"},
)


@pytest.mark.parametrize("mode", SearchMode)
def test_a_phrase_in_quotes_stands_in_every_passage(mode: SearchMode) -> None:
    assert list(answer(HOLDERS, replace(QUOTED, mode=mode))) == [2, 3]
    assert HOLDERS.required[-1] == {"en": ["en:two", "en:words"], "pt": ["pt:two", "pt:words"]}


def test_a_phrase_of_words_too_common_to_be_terms_is_found() -> None:
    arms = Arms(texts={1: "to be or not to be", 2: "to be"})
    asked = replace(request(SearchMode.KEYWORD), query='"to be or not to be"')
    assert answer(arms, asked) == {1: 1.0}


def test_a_phrase_that_very_many_passages_hold_is_ranked_among_a_thousand() -> None:
    arms = Arms(texts=dict.fromkeys(range(3000), "two words"), bm25={key: 5000.0 - key for key in range(3000)})
    asked = replace(request(SearchMode.KEYWORD), query='"two words"', limit=100)
    assert list(answer(arms, asked)) == [key for key in range(100) if key != 13]


def test_what_was_asked_for_is_highlighted() -> None:
    arms = Arms(bm25={1: 1.0}, texts={1: "Wórds and (two words) two"})
    (found,) = SearchChunks(live_embedder=lambda: arms, terms=arms, search=arms)(
        replace(QUOTED, mode=SearchMode.KEYWORD)
    )
    assert [found.text[start:end] for start, end in found.highlights] == ["Wórds", "two words", "two"]


def test_with_neighbours_highlights_are_places_in_the_joined_text() -> None:
    arms = Arms(bm25={1: 1.0})
    asked = replace(request(SearchMode.KEYWORD), query="found after words", neighbours=1)
    (found,) = SearchChunks(live_embedder=lambda: arms, terms=arms, search=arms)(asked)
    assert [found.text[start:end] for start, end in found.highlights] == ["words", "found", "after"]


@pytest.mark.parametrize(
    ("group_by", "expected"),
    [(None, [1, 2, 3, 4, 5, 6]), (GroupBy.PAGE, [1, 3, 4, 5, 6]), (GroupBy.DOCUMENT, [1, 6])],
)
def test_of_a_group_only_the_best_passage_is_left(group_by: GroupBy | None, expected: list[int]) -> None:
    arms = Arms(
        bm25={key: 10.0 - key for key in range(1, 7)},
        pages={1: 1, 2: 1, 3: 2, 4: None, 5: None, 6: 1},
        documents={6: OTHER},
        pool=100 if group_by is None else 1000,
    )
    assert list(answer(arms, replace(request(SearchMode.KEYWORD), group_by=group_by))) == expected
    assert list(answer(arms, replace(request(SearchMode.KEYWORD), group_by=group_by, limit=2))) == expected[:2]
