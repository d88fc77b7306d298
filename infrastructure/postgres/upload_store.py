"""Uploads in parts, inside a transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from domain.document import Document
from domain.errors import UploadNotFound
from domain.ids import DocumentId, UploadId
from domain.multipart import Upload
from infrastructure.postgres.errors import database_errors
from infrastructure.postgres.tables import uploads
from infrastructure.postgres.version_store import PostgresVersionStore


class PostgresUploadStore:
    """Implements application/ports/upload_store.py."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, upload: Upload) -> None:
        """Insert."""
        values = {name: getattr(upload, name) for name in ("id", "store_id", "part_size", "expires_at", "completed_at")}
        with database_errors():
            self._connection.execute(
                insert(uploads).values(document_id=upload.document.id, version=upload.document.version, **values)
            )

    def find(self, document_id: DocumentId, upload_id: UploadId | None) -> Upload:
        """Return one upload."""
        query = select(uploads).where(uploads.c.document_id == document_id).order_by(uploads.c.id.desc()).limit(1)
        if upload_id is not None:
            query = query.where(uploads.c.id == upload_id)
        with database_errors():
            row = self._connection.execute(query).one_or_none()
        if row is None:
            raise UploadNotFound
        return self._upload_of(row)

    def of_version(self, document: Document) -> Upload | None:
        """Return the newest upload of a version."""
        of_version = (uploads.c.document_id == document.id, uploads.c.version == document.version)
        with database_errors():
            row = self._connection.execute(
                select(uploads).where(*of_version).order_by(uploads.c.id.desc()).limit(1)
            ).one_or_none()
        return self._upload_of(row) if row else None

    def uncompleted(self, document_id: DocumentId) -> Sequence[Upload]:
        """Return the uploads that may have parts."""
        query = select(uploads).where(uploads.c.document_id == document_id, uploads.c.completed_at.is_(None))
        with database_errors():
            return [self._upload_of(row) for row in self._connection.execute(query).all()]

    def complete(self, upload_id: UploadId, *, at: datetime) -> None:
        """Note that the object is there."""
        with database_errors():
            self._connection.execute(update(uploads).where(uploads.c.id == upload_id).values(completed_at=at))

    def delete(self, upload_id: UploadId) -> None:
        """Forget an upload."""
        with database_errors():
            self._connection.execute(delete(uploads).where(uploads.c.id == upload_id))

    def _upload_of(self, row: Row[Any]) -> Upload:
        return Upload(
            id=row.id,
            document=PostgresVersionStore(self._connection).get(row.document_id, row.version),
            store_id=row.store_id,
            part_size=row.part_size,
            expires_at=row.expires_at,
            completed_at=row.completed_at,
        )
