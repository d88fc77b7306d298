"""How ingestion went in a period."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine, TextClause, text

from application.ports.ingestion_reader import (
    DayFigures,
    FailureFigures,
    IngestionFigures,
    SlowDocument,
    StageFigures,
)
from domain.ids import TenantId
from infrastructure.postgres.engine import TAKE_LONG
from infrastructure.postgres.errors import database_errors

MOST_SLOW = 20
# A last run began when it was claimed. A version may have another size than the one before it.
ENDED = """
    WITH ended AS (
        SELECT a.status, a.completed_at, a.error, a.report, j.document_id, v.filename, v.size_bytes,
            coalesce((a.report ->> 'pages_done')::bigint, 0) AS pages,
            coalesce((a.report ->> 'chunks_done')::bigint, 0) AS passages,
            extract(epoch FROM a.completed_at - coalesce(a.claimed_at, a.started_at, a.completed_at))::float8 AS seconds
        FROM job_actions a JOIN jobs j ON j.id = a.job_id
        LEFT JOIN document_versions v ON v.document_id = j.document_id
            AND v.version = coalesce((a.params ->> 'version')::int, 1)
        WHERE a.type = 'index' AND a.status IN ('completed', 'failed', 'cancelled') AND j.tenant_id = :tenant
            AND a.completed_at >= CAST(:first AS date) AND a.completed_at < CAST(:last AS date) + 1
    )
"""


def _of_ended(statement: str) -> TextClause:
    return text(f"{ENDED} {statement}")


DAYS = _of_ended("""
    SELECT d.day::date AS day,
        count(*) FILTER (WHERE e.status = 'completed') AS completed,
        count(*) FILTER (WHERE e.status = 'failed') AS failed,
        count(*) FILTER (WHERE e.status = 'cancelled') AS cancelled,
        coalesce(sum(e.size_bytes) FILTER (WHERE e.status = 'completed'), 0)::bigint AS size_bytes,
        coalesce(sum(e.pages) FILTER (WHERE e.status = 'completed'), 0)::bigint AS pages,
        coalesce(sum(e.passages) FILTER (WHERE e.status = 'completed'), 0)::bigint AS passages
    FROM generate_series(CAST(:first AS date), CAST(:last AS date), interval '1 day') AS d(day)
    LEFT JOIN ended e ON e.completed_at >= d.day AND e.completed_at < d.day + interval '1 day'
    GROUP BY d.day ORDER BY d.day
""")
STAGES = _of_ended("""
    , stage AS (
        SELECT s.value ->> 0 AS name,
            extract(epoch FROM (s.value ->> 2)::timestamptz - (s.value ->> 1)::timestamptz)::float8 AS seconds
        FROM ended e, jsonb_array_elements(e.report -> 'stages') AS s
        WHERE e.status = 'completed' AND s.value ->> 2 IS NOT NULL
    )
    SELECT name, count(*) AS count, avg(seconds) AS mean_seconds, sum(seconds) AS total_seconds,
        percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds) AS p95_seconds
    FROM stage GROUP BY name ORDER BY array_position(ARRAY['extracting', 'embedding', 'storing'], name)
""")
FAILURES = _of_ended("""
    SELECT error ->> 'code' AS code, count(*) AS count, max(completed_at) AS last_at
    FROM ended WHERE status = 'failed' AND error IS NOT NULL GROUP BY 1 ORDER BY count DESC, code
""")
SLOWEST = _of_ended("""
    SELECT filename, size_bytes, pages, seconds, completed_at
    FROM ended WHERE status = 'completed' ORDER BY seconds DESC, completed_at LIMIT :limit
""")
WORK = _of_ended("""
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS median_seconds,
        percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds) AS p95_seconds,
        coalesce(sum(seconds), 0) AS working_seconds
    FROM ended WHERE status = 'completed'
""")


class PostgresIngestionReader:
    """Implements application/ports/ingestion_reader.py."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def figures(self, tenant_id: TenantId, *, first: date, last: date) -> IngestionFigures:
        """Ask one after the other, in one snapshot."""
        asked = {"tenant": tenant_id, "first": first, "last": last, "limit": MOST_SLOW}
        snapshots = self._engine.execution_options(isolation_level="REPEATABLE READ")
        with database_errors(), snapshots.connect() as connection:
            connection.execute(TAKE_LONG)
            return _figures(connection, asked)


def _figures(connection: Connection, asked: Mapping[str, object]) -> IngestionFigures:
    def rows(statement: TextClause) -> list[Mapping[str, Any]]:
        return [dict(row._mapping) for row in connection.execute(statement, asked)]  # noqa: SLF001 - SQLAlchemy's way

    (work,) = rows(WORK)
    return IngestionFigures(
        days=[DayFigures(**row) for row in rows(DAYS)],
        stages=[StageFigures(**row) for row in rows(STAGES)],
        failures=[FailureFigures(**row) for row in rows(FAILURES)],
        slowest=[SlowDocument(**row) for row in rows(SLOWEST)],
        **work,
    )
