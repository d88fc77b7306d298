"""Documents whose time is over."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine, text

from domain.ids import DocumentId, UploadId
from infrastructure.postgres.engine import LEAST_ID
from infrastructure.postgres.errors import database_errors

EXPIRED_UPLOADS = text("""
    SELECT document_id, id FROM uploads WHERE completed_at IS NULL AND expires_at < :before AND id > :after
    ORDER BY id LIMIT :limit
""")
# Of documents that were processed before, only those with versions are looked at: a first one was the processed one.
UNPROCESSED = text("""
    (SELECT d.id FROM documents d WHERE d.job_id IS NULL AND d.published_run IS NULL AND d.id > :after AND EXISTS (
        SELECT FROM document_versions v WHERE v.document_id = d.id AND v.announced_at < :before)
     ORDER BY d.id LIMIT :limit)
    UNION
    (SELECT d.id FROM document_versions v JOIN documents d ON d.id = v.document_id
     JOIN job_actions a ON a.job_id = d.job_id AND a.type = 'index'
     WHERE v.version > 1 AND v.announced_at < :before AND d.id > :after
        AND v.version > coalesce((a.params ->> 'version')::int, 1)
     ORDER BY d.id LIMIT :limit)
    ORDER BY id LIMIT :limit
""")
FAILED = text("""
    SELECT d.id FROM documents d JOIN jobs j ON j.id = d.job_id
    WHERE j.status = 'failed' AND j.completed_at < :before AND d.published_run IS NULL AND d.id > :after
    ORDER BY d.id LIMIT :limit
""")


class PostgresStaleDocuments:
    """Implements application/ports/stale_documents.py."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def expired_uploads(
        self, before: datetime, *, after: UploadId | None, limit: int
    ) -> Sequence[tuple[DocumentId, UploadId]]:
        """Look through the open uploads."""
        asked = {"before": before, "after": after or LEAST_ID, "limit": limit}
        with database_errors(), self._engine.connect() as connection:
            rows = connection.execute(EXPIRED_UPLOADS, asked).all()
        return [(DocumentId(row.document_id), UploadId(row.id)) for row in rows]

    def unprocessed(self, before: datetime, *, after: DocumentId | None, limit: int) -> Sequence[DocumentId]:
        """Look for what nobody asked to process."""
        asked = {"before": before, "after": after or LEAST_ID, "limit": limit}
        with database_errors(), self._engine.connect() as connection:
            return [DocumentId(found) for found in connection.execute(UNPROCESSED, asked).scalars()]

    def failed(self, before: datetime, *, after: DocumentId | None, limit: int) -> Sequence[DocumentId]:
        """Look through failed jobs."""
        asked = {"before": before, "after": after or LEAST_ID, "limit": limit}
        with database_errors(), self._engine.connect() as connection:
            return [DocumentId(found) for found in connection.execute(FAILED, asked).scalars()]
