"""What readers see of documents beside their text: pages with their pictures, and details."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, Table, and_, func, select

from application.ports.page_reader import PublishedPage
from domain.document_details import DocumentDetails
from domain.document_look import KnownPages
from domain.failure import DocumentUnreadable, Failure, FailureCode
from domain.ids import DocumentId
from domain.page_picture import PagePicture, PictureSize
from infrastructure.postgres.errors import database_errors
from infrastructure.postgres.rows import details_of
from infrastructure.postgres.tables import (
    document_details,
    document_looks,
    documents,
    page_pictures,
    pages,
    pages_left_out,
)

_FIELDS = tuple(PagePicture.__dataclass_fields__)


class PostgresPageReader:
    """Implements application/ports/page_reader.py."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        # One snapshot for all statements: the pictures are of the bytes whose text this is.
        self._snapshots = engine.execution_options(isolation_level="REPEATABLE READ")

    def pages(self, document_id: DocumentId, *, first_page: int = 1, after: int, limit: int) -> Sequence[PublishedPage]:
        """Read pages of the published run, then the pictures of these, and why there are none."""
        query = (
            select(pages.c.position, pages.c.number, pages.c.char_start, func.char_length(pages.c.text).label("length"))
            .join(documents, documents.c.published_run == pages.c.run_id)
            .where(documents.c.id == document_id, pages.c.number >= first_page, pages.c.position > after)
            .order_by(pages.c.position)
            .limit(limit)
        )
        with database_errors(), self._snapshots.connect() as connection:
            rows = connection.execute(query).all()
            numbers = [row.number for row in rows]
            pictures = _pictures(connection, document_id, numbers)
            errors = _errors(connection, document_id, [number for number in numbers if number not in pictures])
        return [
            PublishedPage(
                position=row.position,
                number=row.number,
                char_start=row.char_start,
                char_end=row.char_start + row.length,
                pictures=pictures.get(row.number, {}),
                picture_error=errors.get(row.number),
            )
            for row in rows
        ]

    def known(self, document_id: DocumentId) -> KnownPages:
        """Look the pages up."""
        drawn = _shown(page_pictures, document_id, page_pictures.c.page).where(page_pictures.c.published)
        left_out = _shown(pages_left_out, document_id, pages_left_out.c.page, pages_left_out.c.code)
        count = _shown(document_looks, document_id, document_looks.c.page_count)
        with database_errors(), self._snapshots.connect() as connection:
            return KnownPages(
                page_count=connection.execute(count).scalar_one_or_none(),
                drawn=frozenset(connection.execute(drawn).scalars()),
                left_out={row.page: row.code for row in connection.execute(left_out)},
            )

    def details(self, document_id: DocumentId) -> DocumentDetails | None:
        """Find those of the bytes that the document shows."""
        query = _shown(document_details, document_id, *document_details.c)
        with database_errors(), self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        return details_of(row) if row else None

    def details_error(self, document_id: DocumentId) -> Failure | None:
        """Look the error up."""
        query = _shown(document_looks, document_id, document_looks.c.metadata_error)
        with database_errors(), self._engine.connect() as connection:
            error = connection.execute(query).scalar_one_or_none()
        return Failure(**error) if error else None


def _shown(table: Table, document_id: DocumentId, *columns: ColumnElement[Any]) -> Select[Any]:
    """Select rows of the bytes that the document shows."""
    of_these_bytes = and_(documents.c.id == table.c.document_id, documents.c.checksum_sha256 == table.c.checksum_sha256)
    return select(*columns).join(documents, of_these_bytes).where(documents.c.id == document_id)


def _pictures(
    connection: Connection, document_id: DocumentId, numbers: Sequence[int]
) -> Mapping[int, Mapping[PictureSize, PagePicture]]:
    """Return the pictures of these pages."""
    query = _shown(page_pictures, document_id, *page_pictures.c).where(
        page_pictures.c.published, page_pictures.c.page.in_(numbers)
    )
    found: dict[int, dict[PictureSize, PagePicture]] = defaultdict(dict)
    for row in connection.execute(query):
        values = {name: getattr(row, name) for name in _FIELDS}
        picture = PagePicture(**values | {"size": PictureSize(row.size)})
        found[picture.page][picture.size] = picture
    return found


def _errors(connection: Connection, document_id: DocumentId, numbers: Sequence[int]) -> Mapping[int, Failure]:
    """Return why these pages have no pictures, where that is known: of each its own error, else the document's."""
    whole = connection.execute(_shown(document_looks, document_id, document_looks.c.preview_error))
    error = whole.scalar_one_or_none()
    errors = dict.fromkeys(numbers, Failure(**error)) if error else {}
    query = _shown(pages_left_out, document_id, pages_left_out.c.page, pages_left_out.c.code)
    for row in connection.execute(query.where(pages_left_out.c.page.in_(numbers))):
        errors[row.page] = Failure.from_error(DocumentUnreadable(FailureCode(row.code)))
    return errors
