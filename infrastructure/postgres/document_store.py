"""Documents, inside a transaction."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql

from application.ports.document_store import DeletedRows
from domain.action import Run
from domain.document import Document
from domain.errors import DocumentNotFound
from domain.ids import DocumentId, JobId
from infrastructure.postgres.engine import TAKE_LONG
from infrastructure.postgres.errors import database_errors
from infrastructure.postgres.rows import document_of, document_values
from infrastructure.postgres.tables import chunks, documents, embeddings


class PostgresDocumentStore:
    """Implements application/ports/document_store.py."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, document: Document) -> None:
        """Insert."""
        with database_errors():
            self._connection.execute(insert(documents).values(document_values(document)))

    def add_new(self, new: Sequence[Document]) -> Sequence[DocumentId]:
        """Insert all but those that are there."""
        if not new:
            return []
        statement = postgresql.insert(documents).values([document_values(document) for document in new])
        with database_errors():
            inserted = self._connection.execute(statement.on_conflict_do_nothing().returning(documents.c.id))
            return list(inserted.scalars())

    def existing(self, document_ids: Sequence[DocumentId]) -> Sequence[DocumentId]:
        """Look the ids up."""
        with database_errors():
            found = self._connection.execute(select(documents.c.id).where(documents.c.id.in_(document_ids)))
            return list(found.scalars())

    def attachments(self, parent_id: DocumentId) -> Sequence[DocumentId]:
        """Look up by parent."""
        query = select(documents.c.id).where(documents.c.parent_id == parent_id).order_by(documents.c.id)
        with database_errors():
            return list(self._connection.execute(query).scalars())

    def lock(self, document_id: DocumentId) -> Document:
        """Return the document, locked against changes but not against new passages."""
        query = select(documents).where(documents.c.id == document_id).with_for_update(key_share=True)
        with database_errors():
            row = self._connection.execute(query).one_or_none()
        if row is None:
            raise DocumentNotFound
        return document_of(row)

    def assign_job(self, document_id: DocumentId, job_id: JobId) -> None:
        """Make a job the document's latest processing."""
        with database_errors():
            self._connection.execute(update(documents).where(documents.c.id == document_id).values(job_id=job_id))

    def publish(self, document_id: DocumentId, run: Run) -> None:
        """Point readers to the rows of this run."""
        with database_errors():
            self._connection.execute(
                update(documents).where(documents.c.id == document_id).values(published_run=run.id)
            )

    def delete(self, document_id: DocumentId) -> DeletedRows:
        """Delete, once no writer is in the middle of a COPY for it."""
        of_document = select(chunks.c.id).where(chunks.c.document_id == document_id)
        with database_errors():
            self._connection.execute(TAKE_LONG)
            # The full row lock waits for writers, which hold a key share by their foreign key: none slips in behind.
            self._connection.execute(select(documents.c.id).where(documents.c.id == document_id).with_for_update())
            counts = self._connection.execute(
                select(
                    select(func.count()).where(chunks.c.document_id == document_id).scalar_subquery(),
                    select(func.count()).where(embeddings.c.chunk.in_(of_document)).scalar_subquery(),
                )
            ).one()
            # Pages, chunks and vectors go by foreign key, postings with their chunk by trigger.
            self._connection.execute(delete(documents).where(documents.c.id == document_id))
        return DeletedRows(chunks=counts[0], embeddings=counts[1])
