"""What was found by looking at documents: how many pages they have, and what could not be drawn or described."""

from alembic import op

revision = "0015"
down_revision = "0014"

SCHEMA = """
CREATE TABLE document_looks (
    document_id UUID NOT NULL,
    checksum_sha256 TEXT NOT NULL,
    page_count INTEGER,
    preview_error JSONB,
    metadata_error JSONB,
    CONSTRAINT pk_document_looks PRIMARY KEY (document_id, checksum_sha256),
    CONSTRAINT fk_document_looks_document_id FOREIGN KEY(document_id) REFERENCES documents (id) ON DELETE CASCADE
);

CREATE TABLE pages_left_out (
    document_id UUID NOT NULL,
    checksum_sha256 TEXT NOT NULL,
    page INTEGER NOT NULL,
    code TEXT NOT NULL,
    CONSTRAINT pk_pages_left_out PRIMARY KEY (document_id, checksum_sha256, page),
    CONSTRAINT fk_pages_left_out_document_id FOREIGN KEY(document_id, checksum_sha256)
        REFERENCES document_looks (document_id, checksum_sha256) ON DELETE CASCADE
);
"""


def upgrade() -> None:
    """Create the tables."""
    op.execute(SCHEMA)
