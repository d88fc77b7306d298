"""Every document there is, some rows at a time, in one snapshot."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, func, literal, select, text

from application.ports.document_reader import DocumentFilter
from application.ports.inventory_reader import Inventory, ListedDocument
from domain.action import ActionStatus
from domain.document import DocumentStatus
from domain.job import INDEX
from infrastructure.postgres.engine import TAKE_LONG
from infrastructure.postgres.errors import database_errors
from infrastructure.postgres.name_search import has_in_name
from infrastructure.postgres.tables import chunks, documents, job_actions, pages

ROWS_AT_ONCE = 1000
# Between two batches a file is written, on a machine that may be busy.
WRITE_LONG = text("SET LOCAL idle_in_transaction_session_timeout = '10min'")
UNDETERMINED = "und"

_indexing = (job_actions.c.job_id == documents.c.job_id) & (job_actions.c.type == INDEX)
_STATUS = func.coalesce(job_actions.c.status, literal(DocumentStatus.AWAITING_UPLOAD.value))
# Positions are without gaps and pages are numbered through, so the last one counts them; an index has it at its end.
_PAGES = (
    select(pages.c.number).where(pages.c.run_id == documents.c.published_run).order_by(pages.c.position.desc()).limit(1)
).scalar_subquery()
_PASSAGES = (
    select(chunks.c.position + 1)
    .where(chunks.c.run_id == documents.c.published_run)
    .order_by(chunks.c.position.desc())
    .limit(1)
).scalar_subquery()
_LANGUAGE = (
    select(func.nullif(chunks.c.language, UNDETERMINED)).where(
        chunks.c.run_id == documents.c.published_run, chunks.c.position == 0
    )
).scalar_subquery()


class PostgresInventoryReader:
    """Implements application/ports/inventory_reader.py."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def open(self, document_filter: DocumentFilter) -> Iterator[Inventory]:
        """Sum up, then read by a cursor of the server."""
        conditions = _conditions(document_filter)
        snapshots = self._engine.execution_options(isolation_level="REPEATABLE READ")
        with database_errors():
            connection = snapshots.connect()
        try:
            with database_errors():
                connection.execute(TAKE_LONG)
                connection.execute(WRITE_LONG)
                sums = connection.execute(_sums(conditions)).all()
            yield Inventory(
                by_status={row.status: row.number for row in sums},
                size_bytes=sum(int(row.size_bytes) for row in sums),
                pages=sum(int(row.pages) for row in sums),
                passages=sum(int(row.passages) for row in sums),
                documents=_documents(connection, conditions),
            )
        finally:
            with database_errors():
                connection.close()


def _conditions(document_filter: DocumentFilter) -> list[ColumnElement[bool]]:
    wanted = {name: getattr(document_filter, name) for name in ("tenant_id", "external_id", "filename", "parent_id")}
    conditions = [documents.c[name] == value for name, value in wanted.items() if value is not None]
    if document_filter.name_contains is not None:
        conditions.append(has_in_name(document_filter.name_contains))
    if document_filter.checksums_sha256 is not None:
        conditions.append(documents.c.checksum_sha256.in_(document_filter.checksums_sha256))
    if document_filter.status is not None:
        conditions.append(_STATUS == document_filter.status)  # noqa: SIM300 - an SQL expression
    return conditions


def _sums(conditions: list[ColumnElement[bool]]) -> Select[Any]:
    counted = (
        select(_STATUS.label("status"), documents.c.size_bytes, _PAGES.label("pages"), _PASSAGES.label("passages"))
        .outerjoin(job_actions, _indexing)
        .where(*conditions)
        .subquery()
    )
    return select(
        counted.c.status,
        func.count().label("number"),
        *(func.coalesce(func.sum(counted.c[name]), 0).label(name) for name in ("size_bytes", "pages", "passages")),
    ).group_by(counted.c.status)


def _documents(connection: Connection, conditions: list[ColumnElement[bool]]) -> Iterator[ListedDocument]:
    query = (
        select(
            documents,
            _STATUS.label("status"),
            job_actions.c.completed_at,
            job_actions.c.error,
            _PAGES.label("pages"),
            _PASSAGES.label("passages"),
            _LANGUAGE.label("language"),
        )
        .outerjoin(job_actions, _indexing)
        .where(*conditions)
        .order_by(documents.c.id.desc())
    )
    with database_errors():
        for row in connection.execution_options(yield_per=ROWS_AT_ONCE).execute(query):
            yield _listed(row)


def _listed(row: Row[Any]) -> ListedDocument:
    is_over = row.status in {ActionStatus.COMPLETED, ActionStatus.FAILED, ActionStatus.CANCELLED}
    return ListedDocument(
        id=row.id,
        filename=row.filename,
        content_type=row.content_type,
        size_bytes=row.size_bytes,
        status=row.status,
        is_searchable=row.published_run is not None,
        pages=row.pages,
        passages=row.passages,
        language=row.language,
        version=row.version,
        external_id=row.external_id,
        created_at=row.created_at,
        completed_at=row.completed_at if is_over else None,
        error_code=row.error["code"] if row.error else None,
    )
