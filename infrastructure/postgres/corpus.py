"""All that readers see of many documents, read through cursors in one snapshot."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import Connection, Engine, Row, text

from application.ports.corpus_reader import (
    Corpus,
    ExportedChunk,
    ExportedDocument,
    ExportedEmbedding,
    ExportedRow,
)
from domain.export_order import ExportOrder, ExportTable
from infrastructure.postgres.engine import LET_WAIT, TAKE_LONG
from infrastructure.postgres.errors import database_errors
from infrastructure.postgres.vectors import from_binary

_WANTED = """
    (CAST(:ids AS uuid[]) IS NULL OR d.id = ANY(:ids)) AND d.metadata @> CAST(:metadata AS jsonb)
"""
_CHUNKS = f"FROM chunks c JOIN documents d ON d.published_run = c.run_id WHERE {_WANTED}"
_EMBEDDINGS = (
    "FROM embeddings e JOIN embedding_models m ON m.id = e.model JOIN chunks c ON c.id = e.chunk"
    f" JOIN documents d ON d.published_run = c.run_id WHERE {_WANTED}"
)
_FROM: Mapping[ExportTable, str] = {
    ExportTable.DOCUMENTS: f"FROM documents d WHERE {_WANTED}",
    ExportTable.CHUNKS: _CHUNKS,
    ExportTable.EMBEDDINGS: _EMBEDDINGS,
}
_ROWS: Mapping[ExportTable, str] = {
    ExportTable.DOCUMENTS: f"""
        SELECT d.id AS document_id, d.external_id, d.filename, d.content_type, d.size_bytes, d.checksum_sha256,
            d.metadata, coalesce(a.status, 'awaiting_upload') AS status, d.version,
            (SELECT nullif(c.language, 'und') FROM chunks c WHERE c.run_id = d.published_run AND c.position = 0)
                AS language,
            d.parent_id AS parent_document_id, d.chunk_tokens, d.chunk_overlap, d.created_at
        FROM documents d LEFT JOIN job_actions a ON a.job_id = d.job_id AND a.type = 'index'
        WHERE {_WANTED} ORDER BY d.id
    """,  # noqa: S608 - values are parameters
    ExportTable.CHUNKS: f"""
        SELECT c.chunk_id, c.document_id, c.position, c.text, c.page_start, c.page_end, c.char_start, c.char_end,
            c.token_count, c.headings, c.language {_CHUNKS} ORDER BY c.id
    """,
    ExportTable.EMBEDDINGS: f"""
        SELECT c.chunk_id, c.document_id, m.name AS model, vector_send(e.vector) AS vector {_EMBEDDINGS}
        ORDER BY e.chunk, e.model
    """,
}


def _embedding(row: Row[Any]) -> ExportedEmbedding:
    return ExportedEmbedding(
        chunk_id=row.chunk_id, document_id=row.document_id, model=row.model, vector=from_binary(row.vector)
    )


# A page of documents may have 64 metadata of 4,096 characters each.
_PAGES: Mapping[ExportTable, tuple[int, Callable[[Row[Any]], ExportedRow]]] = {
    ExportTable.DOCUMENTS: (1_000, lambda row: ExportedDocument(**row._mapping)),  # noqa: SLF001 - named so by SQLAlchemy
    ExportTable.CHUNKS: (5_000, lambda row: ExportedChunk(**row._mapping)),  # noqa: SLF001
    ExportTable.EMBEDDINGS: (5_000, _embedding),
}


class PostgresCorpusReader:
    """Implements application/ports/corpus_reader.py."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def snapshot(self, order: ExportOrder) -> Iterator[Corpus]:
        """Open a transaction that locks nothing; between two pages it may wait for a slow disk."""
        with database_errors(), self._engine.connect() as connection:
            reading = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            reading.execute(TAKE_LONG)
            reading.execute(LET_WAIT)
            yield PostgresCorpus(reading, order)


class PostgresCorpus:
    """Reads in the transaction of a connection."""

    def __init__(self, connection: Connection, order: ExportOrder) -> None:
        self._connection = connection
        ids = None if order.document_ids is None else list(order.document_ids)
        self._asked = {"ids": ids, "metadata": Jsonb(dict(order.metadata))}

    def count(self, table: ExportTable) -> int:
        """Count."""
        with database_errors():
            return int(self._connection.execute(text(f"SELECT count(*) {_FROM[table]}"), self._asked).scalar_one())

    def pages(self, table: ExportTable) -> Iterator[Sequence[ExportedRow]]:
        """Fetch a page at a time from a cursor of the server."""
        size, read = _PAGES[table]
        with database_errors():
            found = self._connection.execution_options(stream_results=True, max_row_buffer=size).execute(
                text(_ROWS[table]), self._asked
            )
        with found:
            while True:
                with database_errors():
                    page = found.fetchmany(size)
                if not page:
                    return
                yield [read(row) for row in page]

    def dimensions(self) -> int | None:
        """Ask the models."""
        with database_errors():
            found = self._connection.execute(text("SELECT DISTINCT dimensions FROM embedding_models")).scalars().all()
        return int(found[0]) if len(found) == 1 else None
