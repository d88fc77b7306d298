"""Finds passages: by meaning over pgvector's HNSW index, by words with BM25 over the postings.

Both arms have two roads. The first takes the best chunks of all and leaves out those of other tenants, runs or
metadata. The second scores just the chunks that match the filter: where they are few, or the first finds too few.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg.types.json import Jsonb
from sqlalchemy import Connection, Engine, Row

from application.ports.passage_search import Passage, PassageFilter
from domain.chunk import Chunk
from domain.ids import ChunkId, DocumentId
from infrastructure.postgres.errors import database_errors
from infrastructure.postgres.language_statistics import LanguageSize, LanguageStatistics
from infrastructure.postgres.passage_queries import (
    ARE_FEW,
    COSINES,
    HOLDING,
    KEYWORD,
    KEYWORD_AMONG_FEW,
    LANGUAGES,
    MOST_WIDTH,
    NEIGHBOURS,
    PASSAGES,
    SEARCH_SETTINGS,
    TEXTS,
    nearest,
    nearest_exactly,
)
from infrastructure.postgres.rows import chunk_of
from infrastructure.postgres.vectors import find_model, to_text

# So many times the passages that are asked for are scored before those that do not match the filter are left out.
REACH = 10
TEXTS_AT_ONCE = 1000


class PostgresPassageSearch:
    """Implements PassageSearch. Safe to share between threads, but for what `at_one_moment` gives."""

    def __init__(
        self, engine: Engine, *, statistics: LanguageStatistics | None = None, moment: Connection | None = None
    ) -> None:
        self._engine = engine
        self._statistics = statistics or LanguageStatistics()
        self._moment = moment

    @contextmanager
    def at_one_moment(self) -> Iterator["PostgresPassageSearch"]:
        """Ask everything in one transaction, which sees what was there at its first question."""
        engine = self._engine.execution_options(isolation_level="REPEATABLE READ")
        with database_errors(), engine.begin() as connection:
            yield PostgresPassageSearch(engine, statistics=self._statistics, moment=connection)

    def languages(self) -> Sequence[str]:
        """Return the languages that have postings."""
        with self._connection() as connection:
            return list(connection.execute(LANGUAGES).scalars())

    def semantic(
        self, model_name: str, vector: NDArray[np.float32], passage_filter: PassageFilter, *, pool: int
    ) -> Mapping[int, float]:
        """Search the index; where that gives too few, look at every vector."""
        with self._connection() as connection:
            model = find_model(connection, model_name)
            if model is None:
                return {}
            parameters = {**_visible(passage_filter), "vector": to_text(vector), "pool": pool}
            if not _are_few(connection, passage_filter):
                connection.execute(SEARCH_SETTINGS, {"width": str(min(MOST_WIDTH, 2 * pool))})
                rows = connection.execute(nearest(model), parameters).all()
                if len(rows) == pool:
                    return _scores(rows)
            return _scores(connection.execute(nearest_exactly(model), parameters).all())

    def keyword(
        self, terms: Mapping[str, Sequence[str]], passage_filter: PassageFilter, *, pool: int
    ) -> Mapping[int, float]:
        """Score chunks that have a term."""
        weights = {language: Counter(words) for language, words in terms.items() if words}
        if not weights:
            return {}
        with self._connection() as connection:
            parameters = {
                **_visible(passage_filter),
                **_query(weights, self._statistics.of(weights.keys(), connection)),
                "pool": pool,
            }
            if not _are_few(connection, passage_filter):
                rows = connection.execute(KEYWORD, {**parameters, "reach": REACH * pool}).all()
                if len(rows) == pool or (rows and not rows[0].is_cut):
                    return _scores(rows)
            return _scores(connection.execute(KEYWORD_AMONG_FEW, {**parameters, "reach": pool}).all())

    def holding(self, terms: Mapping[str, Sequence[str]], passage_filter: PassageFilter) -> Iterator[Mapping[int, str]]:
        """Look up every chunk that has a term, and keep those that have all."""
        weights = {language: Counter(set(words)) for language, words in terms.items() if words}
        with self._connection() as connection:
            parameters = {
                **_visible(passage_filter),
                **_query(weights, self._statistics.of(weights.keys(), connection)),
                "languages_without_terms": [language for language, words in terms.items() if not words],
                "reach": None,
            }
            keys = connection.execute(HOLDING, parameters).scalars().all()
        for start in range(0, len(keys), TEXTS_AT_ONCE):
            some = keys[start : start + TEXTS_AT_ONCE]
            with self._connection() as connection:
                texts = {row.id: row.text for row in connection.execute(TEXTS, {"keys": some})}
            yield {key: texts[key] for key in some if key in texts}

    def cosines(self, model_name: str, vector: NDArray[np.float32], keys: Sequence[int]) -> Mapping[int, float]:
        """Compute cosines of chunks by key."""
        if not keys:
            return {}
        with self._connection() as connection:
            model = find_model(connection, model_name)
            if model is None:
                return {}
            parameters = {"model": model.id, "vector": to_text(vector), "keys": list(keys)}
            return _scores(connection.execute(COSINES, parameters).all())

    def passages(self, keys: Sequence[int], *, neighbours: int = 0) -> Sequence[Passage]:
        """Load published passages in the order of `keys`."""
        if not keys:
            return []
        with self._connection() as connection:
            rows = connection.execute(PASSAGES, {"keys": list(keys)}).all()
            around: dict[int, list[Chunk]] = {}
            if neighbours:
                for row in connection.execute(NEIGHBOURS, {"keys": list(keys), "neighbours": neighbours}):
                    around.setdefault(row.key, []).append(chunk_of(row))
        found = {row.key: _passage(row, around.get(row.key, ())) for row in rows}
        return [found[key] for key in keys if key in found]

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        with database_errors():
            if self._moment:
                yield self._moment
            else:
                with self._engine.begin() as connection:
                    yield connection


def _visible(passage_filter: PassageFilter) -> dict[str, object]:
    documents = passage_filter.document_ids
    return {
        "tenant": passage_filter.tenant_id,
        "documents": None if documents is None else list(documents),
        "metadata": Jsonb(dict(passage_filter.metadata)),
        "keys": None if passage_filter.keys is None else list(passage_filter.keys),
    }


def _are_few(connection: Connection, passage_filter: PassageFilter) -> bool:
    return bool(connection.execute(ARE_FEW, _visible(passage_filter)).scalar_one())


def _query(weights: Mapping[str, Counter[str]], statistics: Mapping[str, LanguageSize]) -> dict[str, object]:
    """Return a query's terms as the columns of a table, each with its language's statistics."""
    rows = [
        (language, term, float(weight), statistics[language].chunks, max(1.0, statistics[language].length))
        for language, counted in weights.items()
        if language in statistics
        for term, weight in counted.items()
    ]
    names = ("languages", "terms", "weights", "chunks", "lengths")
    return {name: [row[index] for row in rows] for index, name in enumerate(names)}


def _scores(rows: Sequence[Row[Any]]) -> dict[int, float]:
    """Return scores by chunk, best first: the index gives them in about that order only."""
    return {row.chunk: float(row.score) for row in sorted(rows, key=lambda row: (-row.score, row.chunk))}


def _passage(row: Row[Any], neighbours: Sequence[Chunk]) -> Passage:
    return Passage(
        key=row.key,
        chunk_id=ChunkId(row.chunk_id),
        document_id=DocumentId(row.document_id),
        filename=row.filename,
        external_id=row.external_id,
        metadata=row.metadata,
        language=row.language,
        chunk=chunk_of(row),
        neighbours=neighbours,
    )
