"""What cleanup has to know: when a version was announced, when a schedule had its turn; and its indexes."""

from alembic import op

revision = "0006"
down_revision = "0005"

SCHEMA = """
-- A version from before counts as announced now: nothing is taken for expired too early.
ALTER TABLE document_versions ADD COLUMN announced_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL;

CREATE TABLE schedules (
    name TEXT NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_schedules PRIMARY KEY (name)
);

CREATE INDEX ix_documents_unprocessed ON documents (id) WHERE job_id IS NULL;

CREATE INDEX ix_uploads_uncompleted ON uploads (expires_at) WHERE completed_at IS NULL;

CREATE INDEX ix_jobs_completed_at ON jobs (completed_at) WHERE completed_at IS NOT NULL;

CREATE INDEX ix_embedding_cache_used_at ON embedding_cache (used_at);
"""


def upgrade() -> None:
    """Create them."""
    op.execute(SCHEMA)
