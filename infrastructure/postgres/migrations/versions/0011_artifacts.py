"""Artifacts: files that runs made, in the object store for a time."""

from alembic import op

revision = "0011"
down_revision = "0009"

SCHEMA = """
CREATE TABLE artifacts (
    action_id UUID NOT NULL,
    run_lease BIGINT NOT NULL,
    job_id UUID NOT NULL,
    filename TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE,
    deleted_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_artifacts PRIMARY KEY (action_id, run_lease),
    CONSTRAINT fk_artifacts_job_id FOREIGN KEY(job_id) REFERENCES jobs (id) ON DELETE CASCADE
);

CREATE INDEX ix_artifacts_job_id ON artifacts (job_id);

CREATE INDEX ix_artifacts_kept ON artifacts (action_id) WHERE deleted_at IS NULL;
"""


def upgrade() -> None:
    """Create the table."""
    op.execute(SCHEMA)
