"""Rows that belong to nothing any more."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Engine, text

from application.ports.lost_rows import Batch, LostRun
from domain.action import Run
from domain.cleanup import Amount
from domain.ids import ActionId, DocumentId
from infrastructure.postgres.engine import LEAST_ID, TAKE_LONG
from infrastructure.postgres.errors import database_errors

# The index is stepped through run by run, however many rows each has.
RUNS = text("""
    WITH RECURSIVE run(id) AS (
        SELECT least((SELECT run_id FROM chunks WHERE run_id > :after ORDER BY run_id LIMIT 1),
                     (SELECT run_id FROM pages WHERE run_id > :after ORDER BY run_id LIMIT 1))
        UNION ALL
        SELECT least((SELECT run_id FROM chunks WHERE run_id > run.id ORDER BY run_id LIMIT 1),
                     (SELECT run_id FROM pages WHERE run_id > run.id ORDER BY run_id LIMIT 1))
        FROM run WHERE run.id IS NOT NULL
    )
    SELECT id FROM run WHERE id IS NOT NULL LIMIT :limit
""")
# One statement, so one snapshot: a run that ends in between is seen either at work or published.
LOST = text("""
    SELECT rows.run_id, rows.document_id, rows.number, rows.bytes, NULL::uuid AS action_id, NULL::bigint AS run_lease
    FROM (
        SELECT run_id, document_id, count(*) AS number, sum(bytes) AS bytes
        FROM (
            SELECT run_id, document_id, pg_column_size(c.*) AS bytes FROM chunks c WHERE run_id = ANY(:runs)
            UNION ALL
            SELECT run_id, document_id, pg_column_size(p.*) FROM pages p WHERE run_id = ANY(:runs)
        ) each_row GROUP BY run_id, document_id
    ) rows
    WHERE NOT EXISTS (SELECT FROM documents d WHERE d.published_run = rows.run_id)
        AND NOT EXISTS (SELECT FROM jobs j JOIN job_actions a ON a.job_id = j.id
            WHERE j.document_id = rows.document_id AND a.unclean AND a.status <> 'processing')
    UNION ALL
    SELECT NULL, NULL, NULL, NULL, id, run_lease FROM job_actions WHERE status = 'processing'
""")
UNPUBLISHED = text("""
    SELECT r.id FROM unnest(CAST(:runs AS uuid[])) AS r(id)
    WHERE NOT EXISTS (SELECT FROM documents d WHERE d.published_run = r.id)
""")
STAGED = text("""
    SELECT DISTINCT s.parent_id FROM staged_objects s WHERE s.parent_id > :after AND NOT EXISTS (
        SELECT FROM job_actions a WHERE a.id = s.action_id
            AND ((a.status = 'processing' AND a.run_lease = s.run_lease) OR (a.unclean AND a.status <> 'processing'))
    ) ORDER BY s.parent_id LIMIT :limit
""")
NUMBERS = text("""
    WITH RECURSIVE number(id) AS (
        (SELECT chunk FROM postings WHERE chunk > :after ORDER BY chunk LIMIT 1)
        UNION ALL
        SELECT (SELECT chunk FROM postings WHERE chunk > number.id ORDER BY chunk LIMIT 1)
        FROM number WHERE number.id IS NOT NULL
    ), stretch AS (
        (SELECT id FROM number WHERE id IS NOT NULL LIMIT :limit)
        UNION
        (SELECT chunk FROM embeddings WHERE chunk > :after ORDER BY chunk LIMIT :limit)
    )
    SELECT s.id, EXISTS (SELECT FROM chunks c WHERE c.id = s.id) AS is_there FROM stretch s ORDER BY s.id LIMIT :limit
""")
# Numbers of chunks are never used again.
DROP = [
    text(f"""
        WITH gone AS (
            DELETE FROM {table} t WHERE chunk = ANY(:numbers) AND NOT EXISTS (SELECT FROM chunks c WHERE c.id = t.chunk)
            RETURNING pg_column_size(t.*) AS bytes
        ) SELECT count(*) AS number, coalesce(sum(bytes), 0) AS bytes FROM gone
    """)  # noqa: S608 - two names of tables
    for table in ("embeddings", "postings")
]


class PostgresLostRows:
    """Implements application/ports/lost_rows.py."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def runs(self, *, after: UUID | None, limit: int) -> tuple[Sequence[LostRun], UUID | None]:
        """Step through the runs, then look closer at those that nobody sees."""
        with database_errors(), self._engine.begin() as connection:
            seen = list(connection.execute(RUNS, {"after": after or LEAST_ID, "limit": limit}).scalars())
            hidden = list(connection.execute(UNPUBLISHED, {"runs": seen}).scalars()) if seen else []
            connection.execute(TAKE_LONG)
            rows = connection.execute(LOST, {"runs": hidden}).all() if hidden else []
        at_work = {Run(action_id=ActionId(row.action_id), run_lease=row.run_lease).id for row in rows if row.action_id}
        lost = [
            LostRun(
                run_id=row.run_id,
                document_id=DocumentId(row.document_id),
                amount=Amount(count=row.number, size_bytes=int(row.bytes)),
            )
            for row in rows
            if row.run_id and row.run_id not in at_work
        ]
        return lost, seen[-1] if len(seen) == limit else None

    def staged(self, *, after: DocumentId | None, limit: int) -> Sequence[DocumentId]:
        """Look at the notes."""
        with database_errors(), self._engine.connect() as connection:
            found = connection.execute(STAGED, {"after": after or LEAST_ID, "limit": limit}).scalars().all()
        return [DocumentId(parent_id) for parent_id in found]

    def chunk_numbers(self, *, after: int, limit: int) -> Batch:
        """Step through the numbers, chunk by chunk."""
        with database_errors(), self._engine.connect() as connection:
            rows = connection.execute(NUMBERS, {"after": after, "limit": limit}).all()
        found = [row.id for row in rows if not row.is_there]
        return Batch(found=found, next_after=rows[-1].id if len(rows) == limit else None)

    def drop(self, chunk_numbers: Sequence[int]) -> Amount:
        """Delete from both tables."""
        total = Amount()
        with database_errors(), self._engine.begin() as connection:
            for statement in DROP:
                row = connection.execute(statement, {"numbers": list(chunk_numbers)}).one()
                total += Amount(count=row.number, size_bytes=int(row.bytes))
        return total
