"""Find the passages that answer a question."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

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
        if question.phrases:
            confined = confine_to_holders(
                request.passage_filter, question.phrases, search=self.search, terms=self.terms
            )
            request = replace(request, passage_filter=confined)
        scores = self._scores(request, question.words)
        best = self._best(request, scores)
        passages = self.search.passages(best, neighbours=request.neighbours)
        return [self._found(passage, scores[passage.key], question) for passage in passages]

    def _scores(self, request: SearchRequest, words: str) -> Mapping[int, float]:
        """Score by the arms that the mode asks for.

        Hybrid is TM2C2. Alone, a cosine counts as (cos + 1) / 2, and BM25 as its share of the best.
        """
        match request.mode:
            case SearchMode.SEMANTIC:
                embedder = self.live_embedder()
                vector = embedder.embed_query(words)
                found = self.search.semantic(embedder.model_name, vector, request.passage_filter, pool=request.pool)
                return {key: min(1.0, max(0.0, (cosine + 1.0) / 2.0)) for key, cosine in found.items()}
            case SearchMode.KEYWORD:
                return fuse({}, self._keyword(request, words), semantic_weight=0.0)
            case SearchMode.HYBRID:
                return self._hybrid(request, words)

    def _hybrid(self, request: SearchRequest, words: str) -> Mapping[int, float]:
        embedder = self.live_embedder()
        model, vector = embedder.model_name, embedder.embed_query(words)
        cosines = dict(self.search.semantic(model, vector, request.passage_filter, pool=request.pool))
        bm25 = self._keyword(request, words)
        cosines.update(self.search.cosines(model, vector, [key for key in bm25 if key not in cosines]))
        return self._quotes_first(words, fuse(cosines, bm25))

    def _keyword(self, request: SearchRequest, words: str) -> Mapping[int, float]:
        terms = {language: self.terms.terms(words, language) for language in self.search.languages()}
        bm25 = self.search.keyword(terms, request.passage_filter, pool=request.pool)
        # What holds the phrases is found, also where their words are too common to be terms.
        holders = request.passage_filter.keys or ()
        return {**dict.fromkeys(holders, 0.0 if bm25 else 1.0), **bm25}

    def _best(self, request: SearchRequest, scores: Mapping[int, float]) -> Sequence[int]:
        """Return the keys of the best passages, best first; of a group only the first."""
        ranked = sorted(scores, key=lambda key: (-scores[key], key))
        if request.group_by is None:
            return ranked[: request.limit]
        first_of: dict[object, int] = {}
        for passage in self.search.passages(ranked):
            first_of.setdefault(_group(passage, request.group_by), passage.key)
        return list(first_of.values())[: request.limit]

    def _quotes_first(self, query: str, scores: Mapping[int, float]) -> dict[int, float]:
        """Put passages that hold the whole question word for word before all others: who copies, looks for the copy.

        They share the upper half of the scores and the others the lower, each in its order.
        """
        quote = _in_one_line(query)
        if len(quote.split()) < LEAST_WORDS_OF_A_QUOTE:
            return dict(scores)
        holders = {p.key for p in self.search.passages(list(scores)) if quote in _in_one_line(p.chunk.text)}
        if not holders:
            return dict(scores)
        return {key: score / 2 + (0.5 if key in holders else 0.0) for key, score in scores.items()}

    def _found(self, passage: Passage, score: float, question: Question) -> FoundPassage:
        joined = join_chunks([passage.chunk, *passage.neighbours])
        return FoundPassage(
            passage=passage,
            score=score,
            text=joined.text,
            char_start=joined.char_start,
            char_end=joined.char_end,
            page_start=joined.page_start,
            page_end=joined.page_end,
            highlights=self._highlights(joined.text, passage.language, question),
        )

    def _highlights(self, text: str, language: str, question: Question) -> list[Span]:
        folded = FoldedText.of(text)
        asked = set(self.terms.terms(question.words, language))
        terms = ((t.start, t.end) for t in self.terms.located_terms(folded, language) if t.term in asked)
        phrases = (folded.place(*span) for phrase in question.phrases for span in phrase.spans(folded.text))
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
