"""The versions of documents, inside a transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, insert, select, update

from domain.document import Document
from domain.errors import DocumentNotFound
from domain.ids import DocumentId
from infrastructure.postgres.errors import database_errors
from infrastructure.postgres.rows import DESCRIPTION, description_values, document_of
from infrastructure.postgres.tables import document_versions, documents


class PostgresVersionStore:
    """Implements application/ports/version_store.py."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, document_id: DocumentId, version: int) -> Document:
        """Return one version."""
        with database_errors():
            row = self._connection.execute(
                _versions(document_id).where(document_versions.c.version == version)
            ).one_or_none()
        if row is None:
            raise DocumentNotFound
        return document_of(row)

    def after(self, document_id: DocumentId, version: int) -> Sequence[Document]:
        """Return the versions after this one, newest first."""
        query = _versions(document_id).where(document_versions.c.version > version)
        with database_errors():
            rows = self._connection.execute(query.order_by(document_versions.c.version.desc()))
            return [document_of(row) for row in rows]

    def announced_before(self, document_id: DocumentId, before: datetime) -> Sequence[int]:
        """Read the numbers."""
        query = select(document_versions.c.version).where(
            document_versions.c.document_id == document_id, document_versions.c.announced_at < before
        )
        with database_errors():
            return list(self._connection.execute(query.order_by(document_versions.c.version.desc())).scalars())

    def withdraw(self, document: Document) -> None:
        """Forget a version."""
        if len(self.after(document.id, 0)) == 1:
            return
        with database_errors():
            self._connection.execute(
                delete(document_versions).where(
                    document_versions.c.document_id == document.id, document_versions.c.version == document.version
                )
            )
        self.show_newest(document.id)

    def add(self, *versions: Document) -> None:
        """Insert versions of documents that are there."""
        if not versions:
            return
        rows = [{"document_id": document.id, **description_values(document)} for document in versions]
        with database_errors():
            self._connection.execute(insert(document_versions), rows)

    def show_newest(self, document_id: DocumentId) -> None:
        """Let readers see the newest description, as long as nothing is published that another one describes."""
        newest = self.after(document_id, 0)[0]
        with database_errors():
            self._connection.execute(
                update(documents)
                .where(documents.c.id == document_id, documents.c.published_run.is_(None))
                .values(description_values(newest))
            )


def _versions(document_id: DocumentId) -> Select[Any]:
    of_document = [column for column in documents.c if column.name not in DESCRIPTION]
    of_version = [document_versions.c[name] for name in DESCRIPTION]
    return (
        select(*of_document, *of_version)
        .join(document_versions, document_versions.c.document_id == documents.c.id)
        .where(documents.c.id == document_id)
    )
