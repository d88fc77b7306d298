"""The highest version number that each document has given out."""

from alembic import op

revision = "0016"
down_revision = "0015"

SCHEMA = """
ALTER TABLE documents ADD COLUMN last_version INTEGER DEFAULT 1 NOT NULL;

UPDATE documents d SET last_version = newest.version
FROM (SELECT document_id, max(version) AS version FROM document_versions GROUP BY document_id) newest
WHERE newest.document_id = d.id AND newest.version > 1;
"""


def upgrade() -> None:
    """Add the column, and count on from the versions that are there."""
    op.execute(SCHEMA)
