"""What readers see of documents beside their text: pages with their pictures, and details."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, Engine, func, select

from application.ports.page_reader import PublishedPage
from domain.document_details import DocumentDetails
from domain.ids import DocumentId
from domain.page_picture import PagePicture, PictureSize
from infrastructure.postgres.errors import database_errors
from infrastructure.postgres.rows import details_of
from infrastructure.postgres.tables import document_details, documents, page_pictures, pages

_FIELDS = tuple(PagePicture.__dataclass_fields__)


class PostgresPageReader:
    """Implements application/ports/page_reader.py."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def pages(self, document_id: DocumentId, *, first_page: int = 1, after: int, limit: int) -> Sequence[PublishedPage]:
        """Read pages of the published run, then the pictures of these."""
        query = (
            select(pages.c.position, pages.c.number, pages.c.char_start, func.char_length(pages.c.text).label("length"))
            .join(documents, documents.c.published_run == pages.c.run_id)
            .where(documents.c.id == document_id, pages.c.number >= first_page, pages.c.position > after)
            .order_by(pages.c.position)
            .limit(limit)
        )
        # One snapshot for both statements: the pictures are of the bytes whose text this is.
        snapshots = self._engine.execution_options(isolation_level="REPEATABLE READ")
        with database_errors(), snapshots.connect() as connection:
            rows = connection.execute(query).all()
            pictures = _pictures(connection, document_id, [row.number for row in rows])
        return [
            PublishedPage(
                position=row.position,
                number=row.number,
                char_start=row.char_start,
                char_end=row.char_start + row.length,
                pictures=pictures.get(row.number, {}),
            )
            for row in rows
        ]

    def drawn(self, document_id: DocumentId, checksum_sha256: str) -> frozenset[int]:
        """Look the pages up."""
        query = select(page_pictures.c.page).where(
            page_pictures.c.document_id == document_id,
            page_pictures.c.checksum_sha256 == checksum_sha256,
            page_pictures.c.published,
        )
        with database_errors(), self._engine.connect() as connection:
            return frozenset(connection.execute(query).scalars())

    def details(self, document_id: DocumentId) -> DocumentDetails | None:
        """Find those of the bytes that the document shows."""
        query = (
            select(document_details)
            .join(documents, documents.c.id == document_details.c.document_id)
            .where(documents.c.id == document_id, documents.c.checksum_sha256 == document_details.c.checksum_sha256)
        )
        with database_errors(), self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        return details_of(row) if row else None


def _pictures(
    connection: Connection, document_id: DocumentId, numbers: Sequence[int]
) -> Mapping[int, Mapping[PictureSize, PagePicture]]:
    """Return the pictures of these pages, of the bytes that the document shows."""
    query = (
        select(page_pictures)
        .join(documents, documents.c.id == page_pictures.c.document_id)
        .where(
            page_pictures.c.document_id == document_id,
            page_pictures.c.checksum_sha256 == documents.c.checksum_sha256,
            page_pictures.c.published,
            page_pictures.c.page.in_(numbers),
        )
    )
    found: dict[int, dict[PictureSize, PagePicture]] = defaultdict(dict)
    for row in connection.execute(query):
        values = {name: getattr(row, name) for name in _FIELDS}
        picture = PagePicture(**values | {"size": PictureSize(row.size)})
        found[picture.page][picture.size] = picture
    return found
