"""Documents that were attached to another one, and objects in the store that no document has yet."""

from alembic import op

revision = "0004"
down_revision = "0003"

SCHEMA = """
-- Deleting a document that others belong to fails: their objects would stay in the store.
ALTER TABLE documents
    ADD COLUMN parent_id UUID,
    ADD COLUMN attachment_depth INTEGER DEFAULT 0 NOT NULL,
    ADD COLUMN object_name TEXT DEFAULT 'original' NOT NULL,
    ADD CONSTRAINT fk_documents_parent_id FOREIGN KEY(parent_id) REFERENCES documents (id);

CREATE INDEX ix_documents_parent_id ON documents (parent_id);

CREATE TABLE staged_objects (
    key TEXT NOT NULL,
    parent_id UUID NOT NULL,
    action_id UUID NOT NULL,
    run_lease BIGINT NOT NULL,
    CONSTRAINT pk_staged_objects PRIMARY KEY (key),
    CONSTRAINT fk_staged_objects_parent_id FOREIGN KEY(parent_id) REFERENCES documents (id)
);

CREATE INDEX ix_staged_objects_parent_id ON staged_objects (parent_id);
"""


def upgrade() -> None:
    """Add the columns and the table."""
    op.execute(SCHEMA)
