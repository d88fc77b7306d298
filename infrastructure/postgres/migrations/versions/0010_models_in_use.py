"""Which embedding model is live, which is in preparation, and how each is loaded."""

from alembic import op

revision = "0010"
down_revision = "0009"

SCHEMA = """
ALTER TABLE embedding_models
    ADD COLUMN source TEXT,
    ADD COLUMN query_prefix TEXT,
    ADD COLUMN passage_prefix TEXT,
    -- A model from before counts as used until now: no vector is deleted too early.
    ADD COLUMN used_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL;

CREATE TABLE models_in_use (
    only_row BOOLEAN DEFAULT true NOT NULL,
    live SMALLINT NOT NULL,
    preparing SMALLINT,
    action_id UUID,
    run_lease BIGINT,
    CONSTRAINT pk_models_in_use PRIMARY KEY (only_row),
    CONSTRAINT ck_models_in_use_only_row CHECK (only_row),
    CONSTRAINT fk_models_in_use_live FOREIGN KEY(live) REFERENCES embedding_models (id),
    CONSTRAINT fk_models_in_use_preparing FOREIGN KEY(preparing) REFERENCES embedding_models (id)
);
"""


def upgrade() -> None:
    """Create them."""
    op.execute(SCHEMA)
