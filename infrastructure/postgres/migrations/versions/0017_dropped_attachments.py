"""Which attachments are about to be deleted."""

from alembic import op

revision = "0017"
down_revision = "0016"

SCHEMA = """
ALTER TABLE documents ADD COLUMN dropped BOOLEAN DEFAULT false NOT NULL;
"""


def upgrade() -> None:
    """Add the column."""
    op.execute(SCHEMA)
