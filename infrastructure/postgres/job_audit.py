"""Jobs that nobody will run."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from sqlalchemy import Engine, text

from application.ports.job_audit import UnservedQueue
from application.ports.worker_registry import LIVE_SECONDS
from domain.ids import JobId
from infrastructure.postgres.errors import database_errors

UNSERVED = text("""
    SELECT a.queue, count(*) AS waiting FROM job_actions a
    WHERE a.status = 'pending' AND a.due_at < now() - :due_for AND NOT EXISTS (
        SELECT FROM workers w WHERE w.queue = a.queue AND w.seen_at > now() - :live
    ) GROUP BY a.queue ORDER BY a.queue
""")
UNKNOWN = text("""
    SELECT DISTINCT a.job_id FROM job_actions a
    WHERE a.status = 'pending' AND a.due_at < now() - :due_for AND a.type <> ALL(:types)
    ORDER BY a.job_id LIMIT :limit
""")
WITHOUT_DOCUMENT = text("""
    SELECT DISTINCT a.job_id FROM job_actions a JOIN jobs j ON j.id = a.job_id
    WHERE a.status = 'pending' AND j.document_id IS NOT NULL
        AND NOT EXISTS (SELECT FROM documents d WHERE d.id = j.document_id)
    ORDER BY a.job_id LIMIT :limit
""")


class PostgresJobAudit:
    """Implements application/ports/job_audit.py."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def unserved(self, *, due_for: timedelta) -> Sequence[UnservedQueue]:
        """Compare with the workers that live."""
        asked = {"due_for": due_for, "live": timedelta(seconds=LIVE_SECONDS)}
        with database_errors(), self._engine.connect() as connection:
            rows = connection.execute(UNSERVED, asked)
            return [UnservedQueue(queue=row.queue, waiting=row.waiting) for row in rows]

    def unknown(self, types: Collection[str], *, due_for: timedelta, limit: int) -> Sequence[JobId]:
        """Look at what waits."""
        asked = {"types": list(types), "due_for": due_for, "limit": limit}
        with database_errors(), self._engine.connect() as connection:
            return [JobId(found) for found in connection.execute(UNKNOWN, asked).scalars()]

    def without_document(self, *, limit: int) -> Sequence[JobId]:
        """Look the documents up."""
        with database_errors(), self._engine.connect() as connection:
            return [JobId(found) for found in connection.execute(WITHOUT_DOCUMENT, {"limit": limit}).scalars()]
