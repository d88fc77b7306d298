"""Documents that do not hang together with their jobs and passages."""

from collections.abc import Sequence

from sqlalchemy import Engine, TextClause, text

from domain.document import Document
from domain.ids import DocumentId
from infrastructure.postgres.engine import LEAST_ID, TAKE_LONG
from infrastructure.postgres.errors import database_errors
from infrastructure.postgres.rows import document_of

WITHOUT_JOB = text("""
    SELECT d.id FROM documents d WHERE d.id > :after AND (
        (d.job_id IS NULL AND d.published_run IS NOT NULL)
        OR (d.job_id IS NOT NULL AND NOT EXISTS (SELECT FROM jobs j WHERE j.id = d.job_id))
    ) ORDER BY d.id LIMIT :limit
""")
# Looked up one by one in the order of documents: a join of all three tables would be made anew for each page.
PROCESSED = text("""
    SELECT d.id, d.tenant_id, d.external_id, d.job_id, d.created_at, d.parent_id, d.attachment_depth, d.object_name,
        v.version, v.filename, v.content_type, v.size_bytes, v.checksum_sha256, v.metadata, v.chunk_tokens,
        v.chunk_overlap
    FROM documents d
    CROSS JOIN LATERAL (SELECT params FROM job_actions WHERE job_id = d.job_id AND type = 'index' LIMIT 1) a
    CROSS JOIN LATERAL (
        SELECT * FROM document_versions
        WHERE document_id = d.id AND version = coalesce((a.params ->> 'version')::int, 1) LIMIT 1
    ) v
    WHERE d.id > :after ORDER BY d.id LIMIT :limit
""")
# A chunk may have no postings: its words may all be too common.
INCOMPLETE = text("""
    SELECT d.id FROM documents d JOIN jobs j ON j.id = d.job_id
    WHERE d.id > :after AND d.published_run IS NOT NULL AND j.completed_at IS NOT NULL AND (
        NOT EXISTS (SELECT FROM chunks c WHERE c.run_id = d.published_run)
        OR NOT EXISTS (SELECT FROM pages p WHERE p.run_id = d.published_run)
        OR EXISTS (SELECT FROM chunks c WHERE c.run_id = d.published_run
            AND NOT EXISTS (SELECT FROM embeddings e WHERE e.chunk = c.id
                AND e.model = coalesce((SELECT live FROM models_in_use), e.model)))
        OR EXISTS (SELECT FROM chunks c WHERE c.run_id = d.published_run AND c.term_count > 0
            AND NOT EXISTS (SELECT FROM postings p WHERE p.chunk = c.id))
    ) ORDER BY d.id LIMIT :limit
""")
FORGET_JOB = text("""
    UPDATE documents SET job_id = NULL
    WHERE id = :id AND job_id IS NOT NULL AND NOT EXISTS (SELECT FROM jobs j WHERE j.id = documents.job_id)
""")


class PostgresDocumentAudit:
    """Implements application/ports/document_audit.py."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def without_job(self, *, after: DocumentId | None, limit: int) -> Sequence[DocumentId]:
        """Look the jobs up."""
        return self._ids(WITHOUT_JOB, after, limit)

    def processed(self, *, after: DocumentId | None, limit: int) -> Sequence[Document]:
        """Read versions with their documents."""
        with database_errors(), self._engine.connect() as connection:
            rows = connection.execute(PROCESSED, {"after": after or LEAST_ID, "limit": limit})
            return [document_of(row) for row in rows]

    def incomplete(self, *, after: DocumentId | None, limit: int) -> Sequence[DocumentId]:
        """Look at the published runs."""
        return self._ids(INCOMPLETE, after, limit)

    def forget_job(self, document_id: DocumentId) -> bool:
        """Empty the column."""
        with database_errors(), self._engine.begin() as connection:
            return connection.execute(FORGET_JOB, {"id": document_id}).rowcount == 1

    def _ids(self, query: TextClause, after: DocumentId | None, limit: int) -> Sequence[DocumentId]:
        with database_errors(), self._engine.begin() as connection:
            connection.execute(TAKE_LONG)
            found = connection.execute(query, {"after": after or LEAST_ID, "limit": limit}).scalars()
            return [DocumentId(document_id) for document_id in found]
