"""What is kept for a while and then forgotten. A new kind of record is a new pair of statements here."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Engine, text

from application.ports.history import Record
from domain.cleanup import Amount
from infrastructure.postgres.errors import database_errors

# Each finds `id` and `bytes` of what is too old. Results: of jobs that are about no document; a document's own say
# which attachments it has.
FOUND: Mapping[Record, str] = {
    Record.RESULTS: """
        SELECT a.id, pg_column_size(a.result) AS bytes FROM job_actions a JOIN jobs j ON j.id = a.job_id
        WHERE j.document_id IS NULL AND j.completed_at < :before AND a.completed_at < :before
            AND jsonb_typeof(a.result) = 'object' AND NOT a.unclean
    """,
    # The timeline of what failed is what its dead letter tells.
    Record.EVENTS: """
        SELECT e.id, pg_column_size(e.*) AS bytes FROM events e JOIN jobs j ON j.id = e.job_id
        WHERE j.completed_at < :before AND j.status <> 'failed' AND e.at < :before
    """,
    Record.JOBS: """
        SELECT j.id, pg_column_size(j.*) AS bytes FROM jobs j
        WHERE j.completed_at < :before
            AND NOT EXISTS (SELECT FROM documents d WHERE d.id = j.document_id AND d.job_id = j.id)
            AND NOT EXISTS (SELECT FROM idempotency_keys k WHERE k.job_id = j.id)
            AND NOT EXISTS (SELECT FROM artifacts f WHERE f.job_id = j.id AND f.deleted_at IS NULL)
            AND NOT EXISTS (SELECT FROM job_actions a WHERE a.job_id = j.id AND (a.unclean OR a.completed_at IS NULL))
    """,
    Record.EMBEDDINGS: """
        SELECT c.ctid AS id, pg_column_size(c.*) AS bytes FROM embedding_cache c WHERE c.used_at < :before
    """,
    Record.IDEMPOTENCY_KEYS: """
        SELECT k.ctid AS id, pg_column_size(k.*) AS bytes FROM idempotency_keys k WHERE k.created_at < :before
    """,
}
LOCKED = {
    Record.RESULTS: "j",
    Record.EVENTS: "e",
    Record.JOBS: "j",
    Record.EMBEDDINGS: "c",
    Record.IDEMPOTENCY_KEYS: "k",
}
FORGET: Mapping[Record, str] = {
    Record.RESULTS: """
        , told AS (
            UPDATE jobs SET version = version + 1
            WHERE id IN (SELECT job_id FROM job_actions WHERE id IN (SELECT id FROM found))
        ), gone AS (UPDATE job_actions SET result = NULL WHERE id IN (SELECT id FROM found))
    """,
    Record.EVENTS: ", gone AS (DELETE FROM events WHERE id IN (SELECT id FROM found))",
    Record.JOBS: ", gone AS (DELETE FROM jobs WHERE id IN (SELECT id FROM found))",
    Record.EMBEDDINGS: ", gone AS (DELETE FROM embedding_cache WHERE ctid IN (SELECT id FROM found))",
    Record.IDEMPOTENCY_KEYS: ", gone AS (DELETE FROM idempotency_keys WHERE ctid IN (SELECT id FROM found))",
}
TOTAL = "SELECT count(*) AS number, coalesce(sum(bytes), 0) AS bytes FROM found"


class PostgresHistory:
    """Implements application/ports/history.py."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def count(self, record: Record, *, before: datetime) -> Amount:
        """Count."""
        statement = text(f"WITH found AS ({FOUND[record]}) {TOTAL}")
        with database_errors(), self._engine.connect() as connection:
            row = connection.execute(statement, {"before": before}).one()
        return Amount(count=row.number, size_bytes=int(row.bytes))

    def forget(self, record: Record, *, before: datetime, limit: int) -> Amount:
        """Find, lock and delete in one statement."""
        found = f"{FOUND[record]} LIMIT :limit FOR UPDATE OF {LOCKED[record]} SKIP LOCKED"
        statement = text(f"WITH found AS MATERIALIZED ({found}) {FORGET[record]} {TOTAL}")
        with database_errors(), self._engine.begin() as connection:
            row = connection.execute(statement, {"before": before, "limit": limit}).one()
        return Amount(count=row.number, size_bytes=int(row.bytes))
