"""Idempotency keys of requests that make something other than a job."""

from alembic import op

revision = "0013"
down_revision = "0012"

SCHEMA = """
ALTER TABLE idempotency_keys ALTER COLUMN job_id DROP NOT NULL;

ALTER TABLE idempotency_keys ADD COLUMN details JSONB DEFAULT '{}' NOT NULL;
"""


def upgrade() -> None:
    """Change the table."""
    op.execute(SCHEMA)
