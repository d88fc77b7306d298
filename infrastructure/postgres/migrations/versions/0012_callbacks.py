"""Callbacks: where a job's end is told, and the queue that tells it."""

from alembic import op

revision = "0012"
down_revision = "0011"

SCHEMA = """
ALTER TABLE jobs ADD COLUMN callback_url TEXT;

INSERT INTO queues (name) VALUES ('callbacks');
"""


def upgrade() -> None:
    """Add the column and the queue."""
    op.execute(SCHEMA)
