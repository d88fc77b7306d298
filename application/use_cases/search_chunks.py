"""Find the passages that answer a question."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from application.ports.embedder import Embedder
from application.ports.passage_search import Passage, PassageFilter, PassageSearch
from application.ports.term_analyzer import TermAnalyzer
from domain.chunk import Chunk
from domain.errors import InvalidRequest
from domain.fusion import fuse

POOL = 100
# Fewer words than this stand in many passages by chance.
LEAST_WORDS_OF_A_QUOTE = 5
MOST_RESULTS = 100
MOST_NEIGHBOURS = 3


class SearchMode(StrEnum):
    """By meaning, by words, or both."""

    HYBRID = "hybrid"
    SEMANTIC = "semantic"
    KEYWORD = "keyword"


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """A question. `neighbours` is how many chunks on each side of a passage are joined to its text."""

    query: str
    passage_filter: PassageFilter
    mode: SearchMode = SearchMode.HYBRID
    limit: int = 10
    neighbours: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPassage:
    """A passage and how well it fits: `score` is from 0 to 1, and compares within one answer only.

    `text`, the character span and the pages are the passage's own, or with neighbours, those of all joined: text that
    two chunks share stands once. `passage.chunk` stays what was found.
    """

    passage: Passage
    score: float
    text: str
    char_start: int
    char_end: int
    page_start: int | None
    page_end: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchChunks:
    """Answers with the best passages first; equal scores in the order of the chunks' keys."""

    embedder: Embedder
    terms: TermAnalyzer
    search: PassageSearch

    def __call__(self, request: SearchRequest) -> list[FoundPassage]:
        """Search. Raises InvalidRequest, EmbeddingUnavailable or DatabaseUnavailable (both retryable)."""
        _check(request)
        scores = self._scores(request)
        best = sorted(scores, key=lambda key: (-scores[key], key))[: request.limit]
        passages = self.search.passages(best, neighbours=request.neighbours)
        return [_found(passage, scores[passage.key]) for passage in passages]

    def _scores(self, request: SearchRequest) -> dict[int, float]:
        """Score by the arms that the mode asks for.

        Hybrid is TM2C2. Alone, a cosine counts as (cos + 1) / 2, and BM25 as its share of the best.
        """
        match request.mode:
            case SearchMode.SEMANTIC:
                vector = self.embedder.embed([request.query])[0]
                found = self.search.semantic(self.embedder.model_name, vector, request.passage_filter, pool=POOL)
                return {key: min(1.0, max(0.0, (cosine + 1.0) / 2.0)) for key, cosine in found.items()}
            case SearchMode.KEYWORD:
                return fuse({}, self._keyword(request), semantic_weight=0.0)
            case SearchMode.HYBRID:
                return self._hybrid(request)

    def _hybrid(self, request: SearchRequest) -> dict[int, float]:
        model = self.embedder.model_name
        vector = self.embedder.embed([request.query])[0]
        cosines = dict(self.search.semantic(model, vector, request.passage_filter, pool=POOL))
        bm25 = self._keyword(request)
        cosines.update(self.search.cosines(model, vector, [key for key in bm25 if key not in cosines]))
        return self._quotes_first(request.query, fuse(cosines, bm25))

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

    def _keyword(self, request: SearchRequest) -> Mapping[int, float]:
        terms = {language: self.terms.terms(request.query, language) for language in self.search.languages()}
        return self.search.keyword(terms, request.passage_filter, pool=POOL)


def _in_one_line(text: str) -> str:
    return " ".join(text.split()).casefold()


def _check(request: SearchRequest) -> None:
    if not request.query.strip():
        raise InvalidRequest("There is no question to search for.", pointer="/query")
    if not 1 <= request.limit <= MOST_RESULTS:
        raise InvalidRequest(f"The limit is from 1 to {MOST_RESULTS}.", pointer="/limit")
    if not 0 <= request.neighbours <= MOST_NEIGHBOURS:
        raise InvalidRequest(f"Neighbours are from 0 to {MOST_NEIGHBOURS}.", pointer="/neighbours")


def _found(passage: Passage, score: float) -> FoundPassage:
    joined = join_chunks([passage.chunk, *passage.neighbours])
    return FoundPassage(
        passage=passage,
        score=score,
        text=joined.text,
        char_start=joined.char_start,
        char_end=joined.char_end,
        page_start=joined.page_start,
        page_end=joined.page_end,
    )


def join_chunks(chunks: Sequence[Chunk]) -> Chunk:
    """Return consecutive chunks of a document as one, shared text once.

    Whitespace between two chunks is in neither: line ends of the same length stand for it, or one space.
    """
    first, *rest = sorted(chunks, key=lambda chunk: chunk.position)
    joined = first
    for chunk in rest:
        gap = chunk.char_start - joined.char_end
        between = " " if gap == 1 else "\n" * gap
        more = between + chunk.text[max(0, -gap) :]
        joined = replace(
            joined,
            text=joined.text + more,
            char_end=max(joined.char_end, chunk.char_end),
            page_end=chunk.page_end,
        )
    return joined
