"""Documents, inside a transaction."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, Connection, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from application.ports.document_store import DeletedRows
from domain.action import Run
from domain.document import Document
from domain.errors import DocumentNotFound
from domain.ids import DocumentId, JobId, TenantId
from infrastructure.postgres.engine import TAKE_LONG
from infrastructure.postgres.errors import database_errors
from infrastructure.postgres.rows import description_values, document_of, document_values
from infrastructure.postgres.tables import chunks, documents, embeddings
from infrastructure.postgres.version_store import PostgresVersionStore


class PostgresDocumentStore:
    """Implements application/ports/document_store.py."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._versions = PostgresVersionStore(connection)

    def add(self, document: Document) -> Document:
        """Insert, or add a version to the document of that external id."""
        while not self._inserted(document):
            found = self.find(document.tenant_id, document.external_id) if document.external_id else None
            if found:  # else it was deleted in between
                document = replace(document, id=found.id, version=self._next_version(found.id), job_id=found.job_id)
                self._versions.add(document)
                self._versions.show_newest(document.id)
                return document
        self._versions.add(document)
        return document

    def add_new(self, new: Sequence[Document]) -> Sequence[DocumentId]:
        """Insert all but those that are there."""
        if not new:
            return []
        statement = insert(documents).values([document_values(document) for document in new])
        with database_errors():
            inserted = set(
                self._connection.execute(statement.on_conflict_do_nothing().returning(documents.c.id)).scalars()
            )
        made = [document for document in new if document.id in inserted]
        self._versions.add(*made)
        return [document.id for document in made]

    def existing(self, document_ids: Sequence[DocumentId]) -> Sequence[DocumentId]:
        """Look the ids up."""
        query = select(documents.c.id).where(documents.c.id.in_(document_ids), documents.c.dropped.is_(False))
        with database_errors():
            return list(self._connection.execute(query).scalars())

    def attachments(self, parent_id: DocumentId) -> Sequence[DocumentId]:
        """Look up by parent."""
        query = select(documents.c.id).where(documents.c.parent_id == parent_id).order_by(documents.c.id)
        with database_errors():
            return list(self._connection.execute(query).scalars())

    def drop(self, attachment_ids: Sequence[DocumentId]) -> None:
        """Mark, in the order of ids, in which others lock them too."""
        named = documents.c.id.in_(attachment_ids)
        if not attachment_ids:
            return
        with database_errors():
            self._connection.execute(
                select(documents.c.id).where(named).order_by(documents.c.id).with_for_update(key_share=True)
            )
            self._connection.execute(update(documents).where(named).values(dropped=True))

    def dropped(self, parent_id: DocumentId) -> Sequence[DocumentId]:
        """Look up by parent and mark."""
        of_parent = select(documents.c.id).where(documents.c.parent_id == parent_id, documents.c.dropped)
        with database_errors():
            return list(self._connection.execute(of_parent.order_by(documents.c.id)).scalars())

    def lock(self, document_id: DocumentId) -> Document:
        """Return the document, locked."""
        found = self._lock(documents.c.id == document_id)
        if found is None:
            raise DocumentNotFound
        return found

    def find(self, tenant_id: TenantId, external_id: str) -> Document | None:
        """Look up by external id, and lock."""
        return self._lock(documents.c.tenant_id == tenant_id, documents.c.external_id == external_id)

    def assign_job(self, document_id: DocumentId, job_id: JobId) -> None:
        """Make a job the document's latest processing."""
        with database_errors():
            self._connection.execute(update(documents).where(documents.c.id == document_id).values(job_id=job_id))

    def publish(self, document: Document, run: Run) -> bool:
        """Point readers to the rows of this run, and describe what they are of."""
        is_later = or_(documents.c.published_run.is_(None), documents.c.version <= document.version)
        with database_errors():
            published = self._connection.execute(
                update(documents)
                .where(documents.c.id == document.id, is_later)
                .values(published_run=run.id, **description_values(document))
            )
        return published.rowcount == 1

    def shows(self, document_id: DocumentId, run: Run) -> bool:
        """Compare with the pointer."""
        query = select(documents.c.published_run).where(documents.c.id == document_id)
        with database_errors():
            return bool(self._connection.execute(query).scalar_one_or_none() == run.id)

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
            # Versions, pages, chunks and vectors go by foreign key, postings with their chunk by trigger.
            self._connection.execute(delete(documents).where(documents.c.id == document_id))
        return DeletedRows(chunks=counts[0], embeddings=counts[1])

    def _next_version(self, document_id: DocumentId) -> int:
        following = documents.c.last_version + 1
        statement = update(documents).where(documents.c.id == document_id).values(last_version=following)
        with database_errors():
            return int(self._connection.execute(statement.returning(documents.c.last_version)).scalar_one())

    def _inserted(self, document: Document) -> bool:
        unless_there = insert(documents).on_conflict_do_nothing(index_elements=["tenant_id", "external_id"])
        statement = unless_there.values(document_values(document)).returning(documents.c.id)
        with database_errors():
            return self._connection.execute(statement).one_or_none() is not None

    def _lock(self, *conditions: ColumnElement[bool]) -> Document | None:
        """Lock against changes but not against new passages."""
        query = select(documents).where(*conditions).with_for_update(key_share=True)
        with database_errors():
            row = self._connection.execute(query).one_or_none()
        return None if row is None else document_of(row)
