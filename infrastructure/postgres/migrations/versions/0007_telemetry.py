"""Sums that outlive rows and processes, when a run began, and the trace that a job belongs to."""

from alembic import op

revision = "0007"
down_revision = "0006"

SCHEMA = """
ALTER TABLE job_actions ADD COLUMN claimed_at TIMESTAMP WITH TIME ZONE;

ALTER TABLE jobs ADD COLUMN traceparent TEXT;

CREATE TABLE counters (
    name TEXT NOT NULL,
    labels JSONB NOT NULL,
    bound DOUBLE PRECISION NOT NULL,
    count BIGINT NOT NULL,
    amount DOUBLE PRECISION NOT NULL,
    CONSTRAINT pk_counters PRIMARY KEY (name, labels, bound)
);

CREATE TABLE counter_increments (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    name TEXT NOT NULL,
    labels JSONB NOT NULL,
    bound DOUBLE PRECISION NOT NULL,
    count BIGINT NOT NULL,
    amount DOUBLE PRECISION NOT NULL,
    CONSTRAINT pk_counter_increments PRIMARY KEY (id)
);
"""


def upgrade() -> None:
    """Add the columns and the tables."""
    op.execute(SCHEMA)
