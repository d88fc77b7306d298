"""Versions of a document, and uploads in parts."""

from alembic import op

revision = "0003"
down_revision = "0002"

SCHEMA = """
ALTER TABLE documents ADD COLUMN version INTEGER DEFAULT 1 NOT NULL;

-- An id of the owner's names one document from here on: the newest keeps it.
UPDATE documents SET external_id = NULL WHERE EXISTS (
    SELECT FROM documents newer WHERE newer.tenant_id = documents.tenant_id
        AND newer.external_id = documents.external_id AND newer.id > documents.id
);

DROP INDEX ix_documents_tenant_id_external_id;

CREATE UNIQUE INDEX ix_documents_tenant_id_external_id ON documents (tenant_id, external_id);

CREATE TABLE document_versions (
    document_id UUID NOT NULL,
    version INTEGER NOT NULL,
    filename TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    checksum_sha256 TEXT,
    metadata JSONB NOT NULL,
    chunk_tokens INTEGER NOT NULL,
    chunk_overlap INTEGER NOT NULL,
    CONSTRAINT pk_document_versions PRIMARY KEY (document_id, version),
    CONSTRAINT fk_document_versions_document_id FOREIGN KEY(document_id) REFERENCES documents (id) ON DELETE CASCADE
);

INSERT INTO document_versions
SELECT id, 1, filename, content_type, size_bytes, checksum_sha256, metadata, chunk_tokens, chunk_overlap FROM documents;

CREATE TABLE uploads (
    id UUID NOT NULL,
    document_id UUID NOT NULL,
    version INTEGER NOT NULL,
    store_id TEXT NOT NULL,
    part_size BIGINT NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    completed_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_uploads PRIMARY KEY (id),
    CONSTRAINT fk_uploads_document_id FOREIGN KEY(document_id) REFERENCES documents (id) ON DELETE CASCADE
);

CREATE INDEX ix_uploads_document_id ON uploads (document_id);
"""


def upgrade() -> None:
    """Create the tables; what is there becomes the first version."""
    op.execute(SCHEMA)
