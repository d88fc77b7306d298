"""Find the passages that answer a question."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from application.phrase_holders import confine_to_holders
from application.ports.embedder import Embedder
from application.ports.passage_search import Passage, PassageFilter, PassageSearch
from application.ports.term_analyzer import TermAnalyzer
from domain.errors import InvalidRequest
from domain.folded_text import FoldedText
from domain.fusion import fuse
from domain.joined_chunks import join_chunks
from domain.phrases import Question
from domain.spans import Span, merge

POOL = 100
# Of passages grouped by document or page one of many is left, so more are ranked.
GROUPED_POOL = 1000
# Fewer words than this stand in many passages by chance.
LEAST_WORDS_OF_A_QUOTE = 5
MOST_RESULTS = 100
MOST_NEIGHBOURS = 3


class SearchMode(StrEnum):
    """By meaning, by words, or both."""

    HYBRID = "hybrid"
    SEMANTIC = "semantic"
    KEYWORD = "keyword"


class GroupBy(StrEnum):
    """Of what only the best passage is wanted. A page is where a passage begins; without pages none are left out."""

    PAGE = "page"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """A question; what stands in it in quotes has to stand in the passages.

    `neighbours` is how many chunks on each side of a passage are joined to its text.
    """

    query: str
    passage_filter: PassageFilter
    mode: SearchMode = SearchMode.HYBRID
    limit: int = 10
    neighbours: int = 0
    group_by: GroupBy | None = None

    @property
    def pool(self) -> int:
        """How many passages are ranked by each arm."""
        return POOL if self.group_by is None else GROUPED_POOL


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPassage:
    """A passage and how well it fits: `score` is from 0 to 1, and compares within one answer only.

    `text`, the character span and the pages are the passage's own, or with neighbours, those of all joined: text that
    two chunks share stands once. `passage.chunk` stays what was found. `highlights` are where the question's words and
    phrases stand in `text`.
    """

    passage: Passage
    score: float
    text: str
    char_start: int
    char_end: int
    page_start: int | None
    page_end: int | None
    highlights: Sequence[Span] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Meaning:
    """A question as the live model sees it."""

    model: str
    vector: NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchChunks:
    """Answers with the best passages first; equal scores in the order of the chunks' keys.

    The live model is asked for once: what becomes live meanwhile is for the next question.
    """

    live_embedder: Callable[[], Embedder]
    terms: TermAnalyzer
    search: PassageSearch

    def __call__(self, request: SearchRequest) -> list[FoundPassage]:
        """Search. Raises InvalidRequest, ModelNotUsable, EmbeddingUnavailable or DatabaseUnavailable."""
        _check(request)
        question = Question.of(request.query)
        meaning = None if request.mode is SearchMode.KEYWORD else self._meaning(question.words)
        # Whatever is published, deleted or processed anew meanwhile: an answer is whole.
        with self.search.at_one_moment() as search:
            answer = _Answer(search=search, terms=self.terms, request=request, question=question, meaning=meaning)
            best = answer.find()
        # In many long passages this takes a second, and a transaction that does nothing is ended.
        return [answer.show(passage, score) for passage, score in best]

    def _meaning(self, words: str) -> _Meaning:
        embedder = self.live_embedder()
        return _Meaning(model=embedder.model_name, vector=embedder.embed_query(words))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """One question, put at one moment."""

    search: PassageSearch
    terms: TermAnalyzer
    request: SearchRequest
    question: Question
    meaning: _Meaning | None

    def find(self) -> list[tuple[Passage, float]]:
        """Return the best passages with their scores, best first."""
        scores = self._scores(self._where())
        passages = self.search.passages(self._best(scores), neighbours=self.request.neighbours)
        return [(passage, scores[passage.key]) for passage in passages]

    def show(self, passage: Passage, score: float) -> FoundPassage:
        """Join what is around the passage to it, and mark what was asked for."""
        joined = join_chunks([passage.chunk, *passage.neighbours])
        return FoundPassage(
            passage=passage,
            score=score,
            text=joined.text,
            char_start=joined.char_start,
            char_end=joined.char_end,
            page_start=joined.page_start,
            page_end=joined.page_end,
            highlights=self._highlights(joined.text, passage.language),
        )

    def _where(self) -> PassageFilter:
        where, phrases = self.request.passage_filter, self.question.phrases
        return confine_to_holders(where, phrases, search=self.search, terms=self.terms) if phrases else where

    def _scores(self, where: PassageFilter) -> Mapping[int, float]:
        """Score by the arms that the mode asks for.

        Hybrid is TM2C2. Alone, a cosine counts as (cos + 1) / 2, and BM25 as its share of the best.
        """
        if self.meaning is None:
            return fuse({}, self._keyword(where), semantic_weight=0.0)
        model, vector = self.meaning.model, self.meaning.vector
        cosines = dict(self.search.semantic(model, vector, where, pool=self.request.pool))
        if self.request.mode is SearchMode.SEMANTIC:
            return {key: min(1.0, max(0.0, (cosine + 1.0) / 2.0)) for key, cosine in cosines.items()}
        bm25 = self._keyword(where)
        cosines.update(self.search.cosines(model, vector, [key for key in bm25 if key not in cosines]))
        return self._quotes_first(fuse(cosines, bm25))

    def _keyword(self, where: PassageFilter) -> Mapping[int, float]:
        words = self.question.words
        terms = {language: self.terms.query_terms(words, language) for language in self.search.languages()}
        bm25 = self.search.keyword(terms, where, pool=self.request.pool)
        # What holds the phrases is found, also where their words are too common to be terms.
        return {**dict.fromkeys(where.keys or (), 0.0 if bm25 else 1.0), **bm25}

    def _best(self, scores: Mapping[int, float]) -> Sequence[int]:
        """Return the keys of the best passages, best first; of a group only the first."""
        ranked = sorted(scores, key=lambda key: (-scores[key], key))
        if self.request.group_by is None:
            return ranked[: self.request.limit]
        first_of: dict[object, int] = {}
        for passage in self.search.passages(ranked):
            first_of.setdefault(_group(passage, self.request.group_by), passage.key)
        return list(first_of.values())[: self.request.limit]

    def _quotes_first(self, scores: Mapping[int, float]) -> dict[int, float]:
        """Put passages that hold the whole question word for word before all others: who copies, looks for the copy.

        They share the upper half of the scores and the others the lower, each in its order.
        """
        quote = _in_one_line(self.question.words)
        if len(quote.split()) < LEAST_WORDS_OF_A_QUOTE:
            return dict(scores)
        holders = {p.key for p in self.search.passages(list(scores)) if quote in _in_one_line(p.chunk.text)}
        if not holders:
            return dict(scores)
        return {key: score / 2 + (0.5 if key in holders else 0.0) for key, score in scores.items()}

    def _highlights(self, text: str, language: str) -> list[Span]:
        folded = FoldedText.of(text)
        asked = set(self.terms.query_terms(self.question.words, language))
        terms = ((t.start, t.end) for t in self.terms.located_terms(folded, language) if t.term in asked)
        phrases = (folded.place(*span) for phrase in self.question.phrases for span in phrase.spans(folded.text))
        return merge((*terms, *phrases))


def _group(passage: Passage, group_by: GroupBy) -> object:
    if group_by is GroupBy.DOCUMENT:
        return passage.document_id
    page = passage.chunk.page_start
    return passage.key if page is None else (passage.document_id, page)


def _in_one_line(text: str) -> str:
    return " ".join(text.split()).casefold()


def _check(request: SearchRequest) -> None:
    if not request.query.strip():
        raise InvalidRequest("There is no question to search for.", pointer="/query")
    if not 1 <= request.limit <= MOST_RESULTS:
        raise InvalidRequest(f"The limit is from 1 to {MOST_RESULTS}.", pointer="/limit")
    if not 0 <= request.neighbours <= MOST_NEIGHBOURS:
        raise InvalidRequest(f"Neighbours are from 0 to {MOST_NEIGHBOURS}.", pointer="/neighbours")
