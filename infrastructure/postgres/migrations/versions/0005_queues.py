"""Queues that can be paused, counts of their work that need not read its history, and indexes for lists of jobs."""

from alembic import op

revision = "0005"
down_revision = "0004"

SCHEMA = """
CREATE TABLE queues (
    name TEXT NOT NULL,
    paused_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_queues PRIMARY KEY (name)
);

INSERT INTO queues (name) VALUES ('document_processing'), ('cleanup_tasks'), ('long_operations'), ('artifacts');

-- How many actions are in each state, and when a worker last took one up. The sum over the shards counts: a transaction
-- writes to the shard of its connection, so that two that end at once seldom wait for each other.
CREATE TABLE queue_counts (
    queue TEXT NOT NULL,
    shard SMALLINT NOT NULL,
    pending BIGINT NOT NULL,
    processing BIGINT NOT NULL,
    completed BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    cancelled BIGINT NOT NULL,
    served_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_queue_counts PRIMARY KEY (queue, shard)
) WITH (fillfactor = 50);

-- How many actions ended in each hour: a ring of 25 slots, in which a new hour takes the place of the oldest.
CREATE TABLE queue_hours (
    queue TEXT NOT NULL,
    shard SMALLINT NOT NULL,
    slot SMALLINT NOT NULL,
    hour TIMESTAMP WITH TIME ZONE NOT NULL,
    completed BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    CONSTRAINT pk_queue_hours PRIMARY KEY (queue, shard, slot)
) WITH (fillfactor = 50);

CREATE FUNCTION count_action() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    shard_of_connection CONSTANT SMALLINT := pg_backend_pid() % 16;
    name CONSTANT TEXT := coalesce(NEW.queue, OLD.queue);
    left_status CONSTANT TEXT := OLD.status;
    new_status CONSTANT TEXT := NEW.status;
    ended_hour CONSTANT TIMESTAMP WITH TIME ZONE := date_trunc('hour', NEW.completed_at, 'UTC');
BEGIN
    -- Else two of one shard that changed several queues in another order would wait for each other in a circle.
    PERFORM pg_advisory_xact_lock(x'71756575'::int, shard_of_connection);
    INSERT INTO queue_counts AS c VALUES (
        name,
        shard_of_connection,
        (new_status IS NOT DISTINCT FROM 'pending')::int - (left_status IS NOT DISTINCT FROM 'pending')::int,
        (new_status IS NOT DISTINCT FROM 'processing')::int - (left_status IS NOT DISTINCT FROM 'processing')::int,
        (new_status IS NOT DISTINCT FROM 'completed')::int - (left_status IS NOT DISTINCT FROM 'completed')::int,
        (new_status IS NOT DISTINCT FROM 'failed')::int - (left_status IS NOT DISTINCT FROM 'failed')::int,
        (new_status IS NOT DISTINCT FROM 'cancelled')::int - (left_status IS NOT DISTINCT FROM 'cancelled')::int,
        CASE WHEN new_status = 'processing' THEN clock_timestamp() END
    )
    ON CONFLICT (queue, shard) DO UPDATE SET
        pending = c.pending + excluded.pending,
        processing = c.processing + excluded.processing,
        completed = c.completed + excluded.completed,
        failed = c.failed + excluded.failed,
        cancelled = c.cancelled + excluded.cancelled,
        served_at = coalesce(excluded.served_at, c.served_at);
    IF new_status IN ('completed', 'failed') AND ended_hour IS NOT NULL THEN
        INSERT INTO queue_hours AS h VALUES (
            name,
            shard_of_connection,
            (extract(epoch FROM ended_hour)::bigint / 3600) % 25,
            ended_hour,
            (new_status = 'completed')::int,
            (new_status = 'failed')::int
        )
        ON CONFLICT (queue, shard, slot) DO UPDATE SET
            hour = excluded.hour,
            completed = CASE WHEN h.hour = excluded.hour THEN h.completed ELSE 0 END + excluded.completed,
            failed = CASE WHEN h.hour = excluded.hour THEN h.failed ELSE 0 END + excluded.failed
        WHERE h.hour <= excluded.hour;
    END IF;
    RETURN NULL;
END
$$;

-- Deferred to the commit: who waits there for another's shard keeps nobody waiting for long, and takes no other lock.
CREATE CONSTRAINT TRIGGER count_added_action AFTER INSERT ON job_actions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION count_action();

CREATE CONSTRAINT TRIGGER count_changed_action AFTER UPDATE OF status ON job_actions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION count_action();

CREATE CONSTRAINT TRIGGER count_deleted_action AFTER DELETE ON job_actions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION count_action();

INSERT INTO queue_counts
SELECT
    queue, 0,
    count(*) FILTER (WHERE status = 'pending'),
    count(*) FILTER (WHERE status = 'processing'),
    count(*) FILTER (WHERE status = 'completed'),
    count(*) FILTER (WHERE status = 'failed'),
    count(*) FILTER (WHERE status = 'cancelled')
FROM job_actions GROUP BY queue;

INSERT INTO queue_hours
SELECT
    queue, 0,
    (extract(epoch FROM date_trunc('hour', completed_at, 'UTC'))::bigint / 3600) % 25,
    date_trunc('hour', completed_at, 'UTC'),
    count(*) FILTER (WHERE status = 'completed'),
    count(*) FILTER (WHERE status = 'failed')
FROM job_actions
WHERE status IN ('completed', 'failed')
    AND completed_at >= date_trunc('hour', now(), 'UTC') - interval '24 hours'
    AND completed_at < date_trunc('hour', now(), 'UTC') + interval '1 hour'
GROUP BY queue, date_trunc('hour', completed_at, 'UTC');

ALTER TABLE workers ADD COLUMN started_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL;

-- By queue, so that the relay never reads what waits in a paused one.
DROP INDEX ix_job_actions_unsent;
CREATE INDEX ix_job_actions_unsent ON job_actions (queue, due_at) WHERE status = 'pending' AND sent_at IS NULL;

CREATE INDEX ix_job_actions_queue_job_id ON job_actions (queue, job_id);

CREATE INDEX ix_jobs_tenant_id_status_id ON jobs (tenant_id, status, id);
"""


def upgrade() -> None:
    """Create the tables, the triggers and the indexes, and count what is there."""
    op.execute(SCHEMA)
