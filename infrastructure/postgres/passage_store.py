"""Writes the pages, chunks, vectors and terms of a run by binary COPY."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

import psycopg
from sqlalchemy import Connection, Engine, text

from application.ports.passage_store import IndexedChunk, StoredPage
from domain.action import Run
from domain.errors import LeaseLost
from domain.ids import ActionId, DocumentId, new_uuid7
from infrastructure.postgres.engine import TAKE_LONG
from infrastructure.postgres.errors import database_errors
from infrastructure.postgres.fence import end_connections, fenced
from infrastructure.postgres.vectors import ensure_embedding_model, to_binary

MOST_FREQUENCY = 32_767

RESERVE_KEYS = text("SELECT nextval(pg_get_serial_sequence('chunks', 'id')) FROM generate_series(1, :count)")
RUNS_WITH_ROWS = text("""
    SELECT run_id FROM chunks WHERE document_id = :document
    UNION SELECT run_id FROM pages WHERE document_id = :document
""")
# One statement, so one snapshot: a run that ends in between is seen either at work or published.
RUNS_TO_KEEP = text("""
    SELECT published_run, NULL::uuid AS action_id, NULL::bigint AS run_lease FROM documents WHERE id = :document
    UNION ALL
    SELECT NULL, a.id, a.run_lease FROM job_actions a JOIN jobs j ON j.id = a.job_id
    WHERE j.document_id = :document AND a.status = 'processing'
""")
DISCARD_PAGES = text("DELETE FROM pages WHERE run_id = ANY(:runs)")
# Vectors go with their chunk by foreign key, postings by trigger.
DISCARD_CHUNKS = text("DELETE FROM chunks WHERE run_id = ANY(:runs)")


class PostgresPassageStore:
    """Implements PassageStore. A document that is deleted under a run is a lost lease."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._models: dict[str, int] = {}

    def write_pages(self, run: Run, document_id: DocumentId, pages: Sequence[StoredPage]) -> None:
        """Append pages in one transaction."""
        rows = ((run.id, page.position, document_id, page.number, page.char_start, page.text) for page in pages)
        with self._fenced(run) as connection:
            _copy(
                connection,
                "pages (run_id, position, document_id, number, char_start, text)",
                ["uuid", "int4", "uuid", "int4", "int8", "text"],
                rows,
            )

    def write_chunks(self, run: Run, document_id: DocumentId, model_name: str, chunks: Sequence[IndexedChunk]) -> None:
        """Append chunks, vectors and postings in one transaction."""
        if not chunks:
            return
        with database_errors():
            model_id = self._model_id(model_name, dimensions=len(chunks[0].vector))
        with self._fenced(run) as connection:
            keys = connection.execute(RESERVE_KEYS, {"count": len(chunks)}).scalars().all()
            keyed = list(zip(keys, chunks, strict=True))
            _copy_chunks(connection, run.id, document_id, keyed)
            _copy(
                connection,
                "embeddings (chunk, model, vector)",
                ["int8", "int2", "bytea"],  # a binary COPY takes bytes as they are, whatever the column's type
                ((key, model_id, to_binary(indexed.vector)) for key, indexed in keyed),
            )
            _copy(
                connection,
                "postings (language, term, chunk, frequency, length)",
                ["text", "text", "int8", "int2", "int4"],
                _postings(keyed),
            )

    def break_off(self, run: Run) -> int:
        """End its connections."""
        return end_connections(self._engine, run)

    def discard_unpublished(self, document_id: DocumentId) -> int:
        """Delete by run. Rows of a run that starts meanwhile are left alone: only runs seen at first are deleted."""
        of_document = {"document": document_id}
        with database_errors(), self._engine.begin() as connection:
            seen = set(connection.execute(RUNS_WITH_ROWS, of_document).scalars())
            keep = {
                row.published_run or Run(action_id=ActionId(row.action_id), run_lease=row.run_lease).id
                for row in connection.execute(RUNS_TO_KEEP, of_document)
                if row.published_run or row.action_id
            }
            discarded = {"runs": sorted(seen - keep)}
            if not discarded["runs"]:
                return 0
            connection.execute(TAKE_LONG)
            connection.execute(DISCARD_PAGES, discarded)
            return connection.execute(DISCARD_CHUNKS, discarded).rowcount

    @contextmanager
    def _fenced(self, run: Run) -> Iterator[Connection]:
        with fenced(self._engine, run) as connection:
            try:
                yield connection
            except psycopg.errors.ForeignKeyViolation as error:
                raise LeaseLost from error

    def _model_id(self, name: str, *, dimensions: int) -> int:
        if name not in self._models:
            self._models[name] = ensure_embedding_model(self._engine, name, dimensions)
        return self._models[name]


def _copy_chunks(
    connection: Connection, run_id: UUID, document_id: DocumentId, keyed: Sequence[tuple[int, IndexedChunk]]
) -> None:
    rows = (
        (
            *(key, new_uuid7(), run_id, document_id, indexed.chunk.position, indexed.chunk.text),
            *(indexed.chunk.char_start, indexed.chunk.char_end, indexed.chunk.page_start, indexed.chunk.page_end),
            *(indexed.chunk.token_count, list(indexed.chunk.headings), indexed.chunk.content_hash),
            *(indexed.language, indexed.length),
        )
        for key, indexed in keyed
    )
    _copy(
        connection,
        "chunks (id, chunk_id, run_id, document_id, position, text, char_start, char_end, page_start, page_end,"
        " token_count, headings, content_hash, language, term_count)",
        [
            *("int8", "uuid", "uuid", "uuid", "int4", "text", "int8", "int8", "int4", "int4"),
            *("int4", "text[]", "bytea", "text", "int4"),
        ],
        rows,
    )


def _postings(keyed: Iterable[tuple[int, IndexedChunk]]) -> Iterator[tuple[str, str, int, int, int]]:
    for key, indexed in keyed:
        for term, frequency in Counter(indexed.terms).items():
            yield indexed.language, term, key, min(frequency, MOST_FREQUENCY), indexed.length


def _copy(connection: Connection, into: str, types: Sequence[str], rows: Iterable[tuple[object, ...]]) -> None:
    driver_connection = connection.connection.driver_connection
    if not isinstance(driver_connection, psycopg.Connection):
        raise TypeError("PostgreSQL is spoken to through psycopg 3")
    with (
        driver_connection.cursor() as cursor,
        cursor.copy(f"COPY {into} FROM STDIN (FORMAT BINARY)".encode()) as copy,
    ):
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)
