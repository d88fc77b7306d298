"""Tenants, documents, jobs, passages and what search needs."""

from alembic import op

revision = "0001"
down_revision = None

SCHEMA = """
CREATE EXTENSION IF NOT EXISTS vector;

CREATE TABLE embedding_models (
    id SMALLINT GENERATED ALWAYS AS IDENTITY,
    name TEXT NOT NULL,
    dimensions INTEGER NOT NULL,
    CONSTRAINT pk_embedding_models PRIMARY KEY (id),
    CONSTRAINT uq_embedding_models_name UNIQUE (name)
);

CREATE TABLE tenants (
    id UUID NOT NULL,
    name TEXT NOT NULL,
    CONSTRAINT pk_tenants PRIMARY KEY (id)
);

CREATE TABLE documents (
    id UUID NOT NULL,
    tenant_id UUID NOT NULL,
    filename TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    checksum_sha256 TEXT,
    external_id TEXT,
    metadata JSONB NOT NULL,
    chunk_tokens INTEGER NOT NULL,
    chunk_overlap INTEGER NOT NULL,
    job_id UUID,
    published_run UUID,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_documents PRIMARY KEY (id),
    CONSTRAINT fk_documents_tenant_id FOREIGN KEY(tenant_id) REFERENCES tenants (id)
);

CREATE INDEX ix_documents_tenant_id_checksum_sha256 ON documents (tenant_id, checksum_sha256);

CREATE INDEX ix_documents_published_run ON documents (published_run);

CREATE INDEX ix_documents_tenant_id_external_id ON documents (tenant_id, external_id);

CREATE INDEX ix_documents_tenant_id_id ON documents (tenant_id, id);

CREATE TABLE embedding_cache (
    model SMALLINT NOT NULL,
    content_hash BYTEA NOT NULL,
    vector vector NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_embedding_cache PRIMARY KEY (model, content_hash),
    CONSTRAINT fk_embedding_cache_model FOREIGN KEY(model) REFERENCES embedding_models (id)
);

CREATE TABLE jobs (
    id UUID NOT NULL,
    tenant_id UUID NOT NULL,
    document_id UUID,
    version BIGINT NOT NULL,
    status TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE,
    completed_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_jobs PRIMARY KEY (id),
    CONSTRAINT fk_jobs_tenant_id FOREIGN KEY(tenant_id) REFERENCES tenants (id)
);

CREATE INDEX ix_jobs_document_id ON jobs (document_id);

CREATE INDEX ix_jobs_tenant_id_id ON jobs (tenant_id, id);

CREATE TABLE chunks (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    chunk_id UUID NOT NULL,
    run_id UUID NOT NULL,
    document_id UUID NOT NULL,
    position INTEGER NOT NULL,
    text TEXT NOT NULL,
    char_start BIGINT NOT NULL,
    char_end BIGINT NOT NULL,
    page_start INTEGER,
    page_end INTEGER,
    token_count INTEGER NOT NULL,
    headings TEXT[] NOT NULL,
    content_hash BYTEA NOT NULL,
    language TEXT NOT NULL,
    term_count INTEGER NOT NULL,
    CONSTRAINT pk_chunks PRIMARY KEY (id),
    CONSTRAINT uq_chunks_run_id_position UNIQUE (run_id, position),
    CONSTRAINT uq_chunks_chunk_id UNIQUE (chunk_id),
    CONSTRAINT fk_chunks_document_id FOREIGN KEY(document_id) REFERENCES documents (id) ON DELETE CASCADE
);

CREATE INDEX ix_chunks_document_id ON chunks (document_id);

CREATE INDEX ix_chunks_language_term_count ON chunks (language, term_count);

CREATE TABLE events (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    job_id UUID NOT NULL,
    action_id UUID,
    version BIGINT NOT NULL,
    kind TEXT NOT NULL,
    detail JSONB NOT NULL,
    at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_events PRIMARY KEY (id),
    CONSTRAINT fk_events_job_id FOREIGN KEY(job_id) REFERENCES jobs (id) ON DELETE CASCADE
);

CREATE INDEX ix_events_job_id_id ON events (job_id, id);

CREATE TABLE job_actions (
    id UUID NOT NULL,
    job_id UUID NOT NULL,
    type TEXT NOT NULL,
    queue TEXT NOT NULL,
    status TEXT NOT NULL,
    params JSONB NOT NULL,
    result JSONB,
    error JSONB,
    report JSONB NOT NULL,
    attempt INTEGER NOT NULL,
    max_attempts INTEGER NOT NULL,
    crashes INTEGER NOT NULL,
    dispatch_no INTEGER NOT NULL,
    run_lease BIGINT NOT NULL,
    worker TEXT,
    cancel_requested BOOLEAN NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    sent_at TIMESTAMP WITH TIME ZONE,
    lease_until TIMESTAMP WITH TIME ZONE,
    deadline TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE,
    completed_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_job_actions PRIMARY KEY (id),
    CONSTRAINT fk_job_actions_job_id FOREIGN KEY(job_id) REFERENCES jobs (id) ON DELETE CASCADE
);

CREATE INDEX ix_job_actions_job_id ON job_actions (job_id);

CREATE INDEX ix_job_actions_leased ON job_actions (lease_until) WHERE status = 'processing';

CREATE INDEX ix_job_actions_unsent ON job_actions (due_at) WHERE status = 'pending' AND sent_at IS NULL;

CREATE INDEX ix_job_actions_waiting ON job_actions (queue, due_at) WHERE status = 'pending';

CREATE TABLE pages (
    run_id UUID NOT NULL,
    position INTEGER NOT NULL,
    document_id UUID NOT NULL,
    number INTEGER,
    char_start BIGINT NOT NULL,
    text TEXT NOT NULL,
    CONSTRAINT pk_pages PRIMARY KEY (run_id, position),
    CONSTRAINT fk_pages_document_id FOREIGN KEY(document_id) REFERENCES documents (id) ON DELETE CASCADE
);

CREATE INDEX ix_pages_document_id ON pages (document_id);

CREATE TABLE embeddings (
    chunk BIGINT NOT NULL,
    model SMALLINT NOT NULL,
    vector vector NOT NULL,
    CONSTRAINT pk_embeddings PRIMARY KEY (chunk, model),
    CONSTRAINT fk_embeddings_chunk FOREIGN KEY(chunk) REFERENCES chunks (id) ON DELETE CASCADE,
    CONSTRAINT fk_embeddings_model FOREIGN KEY(model) REFERENCES embedding_models (id)
);

CREATE TABLE postings (
    language TEXT NOT NULL,
    term TEXT NOT NULL,
    chunk BIGINT NOT NULL,
    frequency SMALLINT NOT NULL,
    length INTEGER NOT NULL
);

-- One index serves both the look-up of a term's chunks and the frequencies that BM25 needs, without visiting the table.
CREATE INDEX ix_postings_language_term_chunk ON postings (language, term, chunk) INCLUDE (frequency, length);

CREATE INDEX ix_postings_chunk ON postings (chunk);

-- Postings go with their chunk. Once a statement, where a foreign key would look at every row that is written.
CREATE FUNCTION delete_postings_of_deleted_chunks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM postings USING deleted WHERE postings.chunk = deleted.id;
    RETURN NULL;
END $$;

CREATE TRIGGER delete_postings AFTER DELETE ON chunks REFERENCING OLD TABLE AS deleted
    FOR EACH STATEMENT EXECUTE FUNCTION delete_postings_of_deleted_chunks();

INSERT INTO tenants (id, name) VALUES ('00000000-0000-7000-8000-000000000001', 'default');
"""


def upgrade() -> None:
    """Create the schema."""
    op.execute(SCHEMA)
