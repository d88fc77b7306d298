"""Pictures of pages in the object store, and what documents say of themselves."""

from alembic import op

revision = "0014"
down_revision = "0013"

SCHEMA = """
CREATE TABLE page_pictures (
    key TEXT NOT NULL,
    document_id UUID NOT NULL,
    checksum_sha256 TEXT NOT NULL,
    page INTEGER NOT NULL,
    size TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    size_bytes BIGINT NOT NULL,
    action_id UUID NOT NULL,
    run_lease BIGINT NOT NULL,
    published BOOLEAN DEFAULT false NOT NULL,
    CONSTRAINT pk_page_pictures PRIMARY KEY (key),
    CONSTRAINT fk_page_pictures_document_id FOREIGN KEY(document_id) REFERENCES documents (id) ON DELETE CASCADE
);

CREATE INDEX ix_page_pictures_document_id ON page_pictures (document_id);

CREATE UNIQUE INDEX ix_page_pictures_published ON page_pictures (document_id, checksum_sha256, page, size)
    WHERE published;

CREATE TABLE document_details (
    document_id UUID NOT NULL,
    checksum_sha256 TEXT NOT NULL,
    title TEXT,
    author TEXT,
    created_at TIMESTAMP WITH TIME ZONE,
    modified_at TIMESTAMP WITH TIME ZONE,
    outline JSONB NOT NULL,
    CONSTRAINT pk_document_details PRIMARY KEY (document_id, checksum_sha256),
    CONSTRAINT fk_document_details_document_id FOREIGN KEY(document_id) REFERENCES documents (id) ON DELETE CASCADE
);
"""


def upgrade() -> None:
    """Create the tables."""
    op.execute(SCHEMA)
