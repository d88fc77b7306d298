"""Pictures of pages, inside a transaction."""

from collections.abc import Sequence

from sqlalchemy import Connection, and_, delete, exists, insert, or_, select, update

from domain.action import ActionStatus, Run
from domain.ids import DocumentId
from domain.page_picture import PagePicture
from infrastructure.postgres.errors import database_errors
from infrastructure.postgres.tables import documents, job_actions, page_pictures

_other = page_pictures.alias("other")


class PostgresPagePictureStore:
    """Implements application/ports/page_picture_store.py."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, pictures: Sequence[PagePicture]) -> None:
        """Insert a row for each."""
        fields = PagePicture.__dataclass_fields__
        rows = [
            {"key": picture.object_key, **{name: getattr(picture, name) for name in fields}} for picture in pictures
        ]
        with database_errors():
            self._connection.execute(insert(page_pictures), rows)

    def publish(self, document_id: DocumentId, run: Run) -> None:
        """Mark the rows. The document's lock keeps two runs from marking the same page."""
        is_there_already = exists().where(
            _other.c.document_id == page_pictures.c.document_id,
            _other.c.checksum_sha256 == page_pictures.c.checksum_sha256,
            _other.c.page == page_pictures.c.page,
            _other.c.published,
        )
        put = (
            page_pictures.c.document_id == document_id,
            page_pictures.c.action_id == run.action_id,
            page_pictures.c.run_lease == run.run_lease,
        )
        with database_errors():
            self._connection.execute(
                select(documents.c.id).where(documents.c.id == document_id).with_for_update(key_share=True)
            )
            self._connection.execute(update(page_pictures).where(*put, ~is_there_already).values(published=True))

    def keys(self, document_id: DocumentId) -> Sequence[str]:
        """Read them all."""
        query = select(page_pictures.c.key).where(page_pictures.c.document_id == document_id)
        with database_errors():
            return list(self._connection.execute(query.order_by(page_pictures.c.key)).scalars())

    def left_behind(self, document_id: DocumentId) -> Sequence[str]:
        """Find those of runs that do not hold their action any more, and those that the document has outlived."""
        at_work = exists().where(
            job_actions.c.id == page_pictures.c.action_id,
            job_actions.c.run_lease == page_pictures.c.run_lease,
            job_actions.c.status == ActionStatus.PROCESSING,
        )
        outlived = documents.c.checksum_sha256 != page_pictures.c.checksum_sha256
        query = (
            select(page_pictures.c.key)
            .join(documents, documents.c.id == page_pictures.c.document_id)
            .where(page_pictures.c.document_id == document_id)
            .where(or_(and_(~page_pictures.c.published, ~at_work), and_(page_pictures.c.published, outlived)))
        )
        with database_errors():
            return list(self._connection.execute(query.order_by(page_pictures.c.key)).scalars())

    def remove(self, keys: Sequence[str]) -> None:
        """Delete the rows."""
        with database_errors():
            self._connection.execute(delete(page_pictures).where(page_pictures.c.key.in_(keys)))
