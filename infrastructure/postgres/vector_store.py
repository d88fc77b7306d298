# ruff: noqa: S608 -- statements are put together from the parts in this file; what users give is bound
"""Vectors of chunks that are there, of one more model, and the index over them."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait

import numpy as np
from numpy.typing import NDArray
from psycopg.types.json import Jsonb
from sqlalchemy import Engine, text

from application.ports.vector_store import ChunkCounts, Chunks, ChunkWithoutVector, Stretch
from domain.action import Run
from infrastructure.postgres.engine import TAKE_LONG
from infrastructure.postgres.errors import database_errors
from infrastructure.postgres.fence import end_connections, fenced, name_of
from infrastructure.postgres.vectors import StoredModel, find_model, index_name, index_statement, to_text

# Chunks that are looked at in one statement: their texts are read where the vector is missing.
STRETCH = 1000
LOOK_SECONDS = 0.5

OF_RUN = "c.run_id = :run"
PUBLISHED = """
    EXISTS (SELECT FROM documents d WHERE d.published_run = c.run_id
        AND (CAST(:documents AS uuid[]) IS NULL OR d.id = ANY(CAST(:documents AS uuid[])))
        AND d.metadata @> CAST(:metadata AS jsonb))
"""
MODEL = "(SELECT id FROM embedding_models WHERE name = :model)"
COUNT = f"""
    SELECT count(*) AS total, count(*) FILTER (WHERE e.chunk IS NULL) AS missing,
        coalesce(max(c.token_count), 0) AS longest
    FROM chunks c LEFT JOIN embeddings e ON e.chunk = c.id AND e.model = {MODEL}
    WHERE {{condition}}
"""
# The stretch comes first, so that each chunk is looked at once, whatever the planner thinks of the rest. A run has few.
STRETCH_OF_ALL = "SELECT id FROM chunks WHERE id > :after ORDER BY id LIMIT :limit"
STRETCH_OF_RUN = """
    SELECT id FROM (SELECT id FROM chunks WHERE run_id = :run OFFSET 0) mine WHERE id > :after ORDER BY id LIMIT :limit
"""
MISSING = f"""
    WITH stretch AS MATERIALIZED ({{stretch}})
    SELECT s.id, found.content_hash, found.text FROM stretch s LEFT JOIN LATERAL (
        SELECT c.content_hash, c.text FROM chunks c WHERE c.id = s.id AND {{condition}}
            AND NOT EXISTS (SELECT FROM embeddings e WHERE e.chunk = c.id AND e.model = {MODEL})
    ) found ON true
    ORDER BY s.id
"""
# A chunk that somebody is deleting is locked: it is not waited for, or two might wait for each other.
ADD = text("""
    INSERT INTO embeddings (chunk, model, vector)
    SELECT c.id, :model, given.vector::vector
    FROM unnest(CAST(:keys AS bigint[]), CAST(:vectors AS text[])) AS given(key, vector)
    JOIN chunks c ON c.id = given.key
    ORDER BY c.id FOR KEY SHARE OF c SKIP LOCKED
    ON CONFLICT DO NOTHING
""")
IS_VALID = text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)")
UNHURRIED = "SELECT set_config(name, '0', false) FROM unnest(ARRAY['statement_timeout', 'lock_timeout']) AS s(name)"


class PostgresVectorStore:
    """Implements application/ports/vector_store.py."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def count(self, chunks: Chunks, model_name: str) -> ChunkCounts:
        """Count in one statement."""
        statement = text(COUNT.format(condition=OF_RUN if isinstance(chunks, Run) else PUBLISHED))
        with database_errors(), self._engine.begin() as connection:
            connection.execute(TAKE_LONG)
            row = connection.execute(statement, {"model": model_name, **_bound(chunks)}).one()
        return ChunkCounts(total=row.total, missing=row.missing, longest_tokens=row.longest)

    def missing(self, chunks: Chunks, model_name: str, *, after: int) -> Stretch:
        """Look at a stretch of ids."""
        stretch, condition = (STRETCH_OF_RUN, OF_RUN) if isinstance(chunks, Run) else (STRETCH_OF_ALL, PUBLISHED)
        statement = text(MISSING.format(stretch=stretch, condition=condition))
        asked = {"model": model_name, "after": after, "limit": STRETCH, **_bound(chunks)}
        with database_errors(), self._engine.connect() as connection:
            rows = connection.execute(statement, asked).all()
        found = [
            ChunkWithoutVector(key=row.id, content_hash=bytes(row.content_hash), text=row.text)
            for row in rows
            if row.text is not None
        ]
        return Stretch(found=found, next_after=rows[-1].id if len(rows) == STRETCH else None)

    def add(self, run: Run, model_name: str, vectors: Mapping[int, NDArray[np.float32]]) -> None:
        """Insert in one short transaction."""
        if not vectors:
            return
        with fenced(self._engine, run) as connection:
            model = _known(find_model(connection, model_name))
            literals = [to_text(vector) for vector in vectors.values()]
            connection.execute(ADD, {"model": model.id, "keys": list(vectors), "vectors": literals})

    def build_index(self, run: Run, model_name: str, *, check: Callable[[], None]) -> None:
        """Build it in a thread, on a connection that bears the run's name; one that was broken off is made anew."""
        with fenced(self._engine, run) as connection:
            model = _known(find_model(connection, model_name))
        with ThreadPoolExecutor(max_workers=1) as pool:
            building = pool.submit(self._build, run, model)
            try:
                while not wait([building], timeout=LOOK_SECONDS).done:
                    check()
            except BaseException:
                end_connections(self._engine, run)
                raise
            building.result()

    def break_off(self, run: Run) -> int:
        """End its connections."""
        return end_connections(self._engine, run)

    def _build(self, run: Run, model: StoredModel) -> None:
        with database_errors(), self._engine.connect() as pooled:
            connection = pooled.execution_options(isolation_level="AUTOCOMMIT")
            connection.detach()  # its settings are for nobody else
            connection.execute(text("SELECT set_config('application_name', :name, false)"), {"name": name_of(run)})
            connection.execute(text(UNHURRIED))
            if connection.execute(IS_VALID, {"name": index_name(model)}).scalar_one_or_none():
                return
            connection.execute(text(f"DROP INDEX CONCURRENTLY IF EXISTS {index_name(model)}"))
            connection.execute(text(index_statement(model, concurrently=True)))


def _bound(chunks: Chunks) -> dict[str, object]:
    if isinstance(chunks, Run):
        return {"run": chunks.id}
    documents = chunks.document_ids
    return {"documents": None if documents is None else list(documents), "metadata": Jsonb(dict(chunks.metadata))}


def _known(model: StoredModel | None) -> StoredModel:
    if model is None:
        raise RuntimeError("a model is prepared before there are vectors of it")
    return model
