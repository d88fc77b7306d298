"""What documents say of themselves, inside a transaction."""

from sqlalchemy import Connection, and_, delete, select
from sqlalchemy.dialects.postgresql import insert

from domain.document_details import DocumentDetails
from domain.ids import DocumentId
from infrastructure.postgres.errors import database_errors
from infrastructure.postgres.rows import details_values
from infrastructure.postgres.tables import document_details, documents


class PostgresDocumentDetailsStore:
    """Implements application/ports/document_details_store.py."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, document_id: DocumentId, checksum_sha256: str, details: DocumentDetails) -> None:
        """Insert or replace, and drop what was read from bytes that the document has outlived."""
        shown = select(documents.c.checksum_sha256).where(documents.c.id == document_id)
        values = details_values(details)
        keys = {"document_id": document_id, "checksum_sha256": checksum_sha256}
        statement = insert(document_details).values({**keys, **values})
        outlived = and_(
            document_details.c.document_id == document_id,
            document_details.c.checksum_sha256 != shown.scalar_subquery(),
        )
        with database_errors():
            there = self._connection.execute(shown.with_for_update(key_share=True)).one_or_none()
            if there is None:
                return
            self._connection.execute(statement.on_conflict_do_update(index_elements=list(keys), set_=values))
            self._connection.execute(delete(document_details).where(outlived))
