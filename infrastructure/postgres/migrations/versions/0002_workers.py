"""Which workers live, what failed, behind which runs nobody has cleared up, and how long recent work took."""

from alembic import op

revision = "0002"
down_revision = "0001"

SCHEMA = """
CREATE TABLE workers (
    name TEXT NOT NULL,
    queue TEXT NOT NULL,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    seen_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_workers PRIMARY KEY (name)
);

CREATE INDEX ix_workers_queue_seen_at ON workers (queue, seen_at);

ALTER TABLE job_actions ADD COLUMN unclean BOOLEAN DEFAULT false NOT NULL;

CREATE INDEX ix_job_actions_unclean ON job_actions (id) WHERE unclean AND status <> 'processing';

CREATE INDEX ix_job_actions_failed ON job_actions (id) WHERE status = 'failed';

CREATE INDEX ix_job_actions_completed ON job_actions (type, completed_at) WHERE status = 'completed';
"""


def upgrade() -> None:
    """Create the table and the indexes."""
    op.execute(SCHEMA)
