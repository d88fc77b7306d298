"""Which actions nobody has cleared up behind."""

from alembic import op

revision = "0002"
down_revision = "0001"

SCHEMA = """
ALTER TABLE job_actions ADD COLUMN unclean BOOLEAN DEFAULT false NOT NULL;

CREATE INDEX ix_job_actions_unclean ON job_actions (id) WHERE unclean AND status <> 'processing';
"""


def upgrade() -> None:
    """Add the mark."""
    op.execute(SCHEMA)
