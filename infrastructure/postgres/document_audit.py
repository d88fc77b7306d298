"""Documents that do not hang together with their jobs and passages."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine, Row, text

from domain.action import Run
from domain.document import Document
from domain.ids import ActionId, DocumentId
from infrastructure.postgres.engine import LEAST_ID, TAKE_LONG
from infrastructure.postgres.errors import database_errors
from infrastructure.postgres.passage_store import MOST_FREQUENCY
from infrastructure.postgres.rows import document_of

WITHOUT_JOB = text("""
    SELECT d.id FROM documents d WHERE d.id > :after AND (
        (d.job_id IS NULL AND d.published_run IS NOT NULL)
        OR (d.job_id IS NOT NULL AND NOT EXISTS (SELECT FROM jobs j WHERE j.id = d.job_id))
    ) ORDER BY d.id LIMIT :limit
""")
# The version that is processed, and the one that readers see. Looked up one by one in the order of documents: a join of
# all three tables would be made anew for each page.
PROCESSED = text("""
    SELECT d.id, d.tenant_id, d.external_id, d.job_id, d.created_at, d.parent_id, d.attachment_depth, d.object_name,
        v.version, v.filename, v.content_type, v.size_bytes, v.checksum_sha256, v.metadata, v.chunk_tokens,
        v.chunk_overlap
    FROM (
        SELECT d.*, coalesce((a.params ->> 'version')::int, 1) AS processed_version
        FROM documents d
        CROSS JOIN LATERAL (SELECT params FROM job_actions WHERE job_id = d.job_id AND type = 'index' LIMIT 1) a
        WHERE d.id > :after ORDER BY d.id LIMIT :limit
    ) d
    LEFT JOIN LATERAL (
        SELECT * FROM document_versions WHERE document_id = d.id
            AND (version = d.processed_version OR (version = d.version AND d.published_run IS NOT NULL))
    ) v ON true
    ORDER BY d.id, v.version
""")
# A chunk may have no postings: its words may all be too common. One statement, so one snapshot: a run that ends in
# between is seen as it was, or whole.
SHOWN = text("""
    SELECT d.id, d.published_run, p.*, c.*, t.char_end AS text_end,
        EXISTS (SELECT FROM chunks c WHERE c.run_id = d.published_run
            AND NOT EXISTS (SELECT FROM embeddings e WHERE e.chunk = c.id
                AND e.model = coalesce((SELECT live FROM models_in_use), e.model))) AS lacks_vectors,
        EXISTS (SELECT FROM chunks c WHERE c.run_id = d.published_run AND least(c.term_count, :most_frequency) >
            (SELECT coalesce(sum(frequency), 0) FROM postings WHERE chunk = c.id)) AS lacks_postings
    FROM (
        SELECT d.id, d.published_run FROM documents d JOIN jobs j ON j.id = d.job_id
        WHERE d.id > :after AND j.completed_at IS NOT NULL AND (d.published_run IS NOT NULL
            OR EXISTS (SELECT FROM job_actions WHERE job_id = j.id AND type = 'index' AND status = 'completed'))
        ORDER BY d.id LIMIT :limit
    ) d
    CROSS JOIN LATERAL (
        SELECT count(*) AS pages, count(number) AS numbered_pages, max(position) AS last_page
        FROM pages WHERE run_id = d.published_run
    ) p
    CROSS JOIN LATERAL (
        SELECT count(*) AS chunks, max(position) AS last_chunk, max(char_end) AS chunks_end
        FROM chunks WHERE run_id = d.published_run
    ) c
    LEFT JOIN LATERAL (
        SELECT char_start + length(text) AS char_end FROM pages
        WHERE run_id = d.published_run ORDER BY position DESC LIMIT 1
    ) t ON true
    ORDER BY d.id
""")
# What runs told of their work when they were published. It is gone once history is forgotten.
TOLD = text("""
    SELECT a.id, a.run_lease, (a.result ->> 'chunks')::int AS chunks,
        (a.report ->> 'pages_done')::int + jsonb_array_length(a.report -> 'unreadable') AS numbered_pages
    FROM jobs j JOIN job_actions a ON a.job_id = j.id
    WHERE j.document_id = ANY(:documents) AND a.type = 'index' AND a.status = 'completed'
""")
FORGET_JOB = text("""
    UPDATE documents SET job_id = NULL
    WHERE id = :id AND job_id IS NOT NULL AND NOT EXISTS (SELECT FROM jobs j WHERE j.id = documents.job_id)
""")


class PostgresDocumentAudit:
    """Implements application/ports/document_audit.py."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def without_job(self, *, after: DocumentId | None, limit: int) -> tuple[Sequence[DocumentId], DocumentId | None]:
        """Look the jobs up."""
        with database_errors(), self._engine.begin() as connection:
            connection.execute(TAKE_LONG)
            rows = connection.execute(WITHOUT_JOB, {"after": after or LEAST_ID, "limit": limit}).all()
        found = [DocumentId(row.id) for row in rows]
        return found, _next_after(rows, limit)

    def processed(self, *, after: DocumentId | None, limit: int) -> tuple[Sequence[Document], DocumentId | None]:
        """Read versions with their documents."""
        with database_errors(), self._engine.connect() as connection:
            rows = connection.execute(PROCESSED, {"after": after or LEAST_ID, "limit": limit}).all()
        return [document_of(row) for row in rows if row.version is not None], _next_after(rows, limit)

    def incomplete(self, *, after: DocumentId | None, limit: int) -> tuple[Sequence[DocumentId], DocumentId | None]:
        """Count what there is of the published runs, and compare it with what they told."""
        asked = {"after": after or LEAST_ID, "limit": limit, "most_frequency": MOST_FREQUENCY}
        with database_errors(), self._engine.begin() as connection:
            connection.execute(TAKE_LONG)
            shown = connection.execute(SHOWN, asked).all()
            rows = connection.execute(TOLD, {"documents": [row.id for row in shown]})
            told = {Run(action_id=ActionId(row.id), run_lease=row.run_lease).id: row for row in rows}
        found = [DocumentId(row.id) for row in shown if not _is_whole(row, told.get(row.published_run))]
        return found, _next_after(shown, limit)

    def forget_job(self, document_id: DocumentId) -> bool:
        """Empty the column."""
        with database_errors(), self._engine.begin() as connection:
            return connection.execute(FORGET_JOB, {"id": document_id}).rowcount == 1


def _next_after(rows: Sequence[Row[Any]], limit: int) -> DocumentId | None:
    """Return where the next stretch begins, None at the end."""
    return DocumentId(rows[-1].id) if len({row.id for row in rows}) == limit else None


def _is_whole(shown: Row[Any], told: Row[Any] | None) -> bool:
    """Tell whether nothing is missing: no position, no page below the last chunk, none of what the run told of."""
    if not shown.pages or not shown.chunks or shown.lacks_vectors or shown.lacks_postings:
        return False
    has_gaps = shown.pages != shown.last_page + 1 or shown.chunks != shown.last_chunk + 1
    if has_gaps or shown.chunks_end > shown.text_end:
        return False
    return told is None or (told.chunks in {None, shown.chunks} and told.numbered_pages in {None, shown.numbered_pages})
