"""The tables, as SQLAlchemy Core sees them. Migrations own the schema; a test holds the two against each other."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import UserDefinedType

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Vector(UserDefinedType[object]):
    """pgvector's type without fixed dimensions: each model has an expression index with its own."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """Return the SQL type."""
        return "vector"


def _instant(name: str, *, nullable: bool = False, default_now: bool = False) -> Column[object]:
    return Column(
        name, DateTime(timezone=True), nullable=nullable, server_default=text("now()") if default_now else None
    )


tenants = Table("tenants", metadata, Column("id", Uuid, primary_key=True), Column("name", Text, nullable=False))

documents = Table(
    "documents",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, ForeignKey("tenants.id"), nullable=False),
    Column("filename", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("checksum_sha256", Text),
    Column("external_id", Text),
    Column("metadata", JSONB, nullable=False),
    Column("chunk_tokens", Integer, nullable=False),
    Column("chunk_overlap", Integer, nullable=False),
    # Which version the description above is of: the published one, before that the newest.
    Column("version", Integer, nullable=False, server_default=text("1")),
    # The highest number a version of it ever had: one that was withdrawn leaves its number, and its key, to nobody.
    Column("last_version", Integer, nullable=False, server_default=text("1")),
    Column("job_id", Uuid),
    # The run whose pages and chunks readers see: publishing is one update of this column.
    Column("published_run", Uuid),
    _instant("created_at"),
    Column("parent_id", Uuid, ForeignKey("documents.id")),
    Column("attachment_depth", Integer, nullable=False, server_default=text("0")),
    # True of an attachment that is about to be deleted: nothing takes it back, who wants the same one makes it anew.
    Column("dropped", Boolean, nullable=False, server_default=text("false")),
    # The last part of the key in the object store: an attachment's bears the run that put it.
    Column("object_name", Text, nullable=False, server_default=text("'original'")),
    Index("ix_documents_parent_id", "parent_id"),
    Index("ix_documents_tenant_id_id", "tenant_id", "id"),
    Index("ix_documents_tenant_id_external_id", "tenant_id", "external_id", unique=True),
    Index("ix_documents_tenant_id_checksum_sha256", "tenant_id", "checksum_sha256"),
    Index("ix_documents_published_run", "published_run"),
    Index("ix_documents_unprocessed", "id", postgresql_where=text("job_id IS NULL")),
)

document_versions = Table(
    "document_versions",
    metadata,
    Column("document_id", Uuid, ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("filename", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("checksum_sha256", Text),
    Column("metadata", JSONB, nullable=False),
    Column("chunk_tokens", Integer, nullable=False),
    Column("chunk_overlap", Integer, nullable=False),
    _instant("announced_at", default_now=True),
)

uploads = Table(
    "uploads",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("document_id", Uuid, ForeignKey("documents.id", ondelete="CASCADE"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("store_id", Text, nullable=False),
    Column("part_size", BigInteger, nullable=False),
    _instant("expires_at"),
    _instant("completed_at", nullable=True),
    Index("ix_uploads_document_id", "document_id"),
    Index("ix_uploads_uncompleted", "expires_at", postgresql_where=text("completed_at IS NULL")),
)

staged_objects = Table(
    "staged_objects",
    metadata,
    Column("key", Text, primary_key=True),
    Column("parent_id", Uuid, ForeignKey("documents.id"), nullable=False),
    Column("action_id", Uuid, nullable=False),
    Column("run_lease", BigInteger, nullable=False),
    Index("ix_staged_objects_parent_id", "parent_id"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, ForeignKey("tenants.id"), nullable=False),
    # No foreign key: a job's history outlives its document.
    Column("document_id", Uuid),
    Column("version", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    _instant("created_at"),
    _instant("started_at", nullable=True),
    _instant("completed_at", nullable=True),
    # The trace of the request that made it (W3C Trace Context), where traces are on.
    Column("traceparent", Text),
    Column("callback_url", Text),
    Index("ix_jobs_document_id", "document_id"),
    Index("ix_jobs_tenant_id_id", "tenant_id", "id"),
    Index("ix_jobs_tenant_id_status_id", "tenant_id", "status", "id"),
    Index("ix_jobs_completed_at", "completed_at", postgresql_where=text("completed_at IS NOT NULL")),
)

job_actions = Table(
    "job_actions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("job_id", Uuid, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
    Column("type", Text, nullable=False),
    Column("queue", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("params", JSONB, nullable=False),
    Column("result", JSONB),
    Column("error", JSONB),
    Column("report", JSONB, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("max_attempts", Integer, nullable=False),
    Column("crashes", Integer, nullable=False),
    Column("dispatch_no", Integer, nullable=False),
    Column("run_lease", BigInteger, nullable=False),
    Column("worker", Text),
    Column("cancel_requested", Boolean, nullable=False),
    Column("unclean", Boolean, nullable=False, server_default=text("false")),
    _instant("due_at"),
    _instant("sent_at", nullable=True),
    _instant("lease_until", nullable=True),
    _instant("deadline", nullable=True),
    _instant("created_at"),
    _instant("started_at", nullable=True),
    _instant("completed_at", nullable=True),
    _instant("claimed_at", nullable=True),
    Index("ix_job_actions_job_id", "job_id"),
    Index("ix_job_actions_queue_job_id", "queue", "job_id"),
    Index("ix_job_actions_unsent", "queue", "due_at", postgresql_where=text("status = 'pending' AND sent_at IS NULL")),
    Index("ix_job_actions_waiting", "queue", "due_at", postgresql_where=text("status = 'pending'")),
    Index("ix_job_actions_unclean", "id", postgresql_where=text("unclean AND status <> 'processing'")),
    Index("ix_job_actions_leased", "lease_until", postgresql_where=text("status = 'processing'")),
    Index("ix_job_actions_failed", "id", postgresql_where=text("status = 'failed'")),
    Index("ix_job_actions_completed", "type", "completed_at", postgresql_where=text("status = 'completed'")),
)

events = Table(
    "events",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("job_id", Uuid, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
    Column("action_id", Uuid),
    Column("version", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("detail", JSONB, nullable=False),
    _instant("at", default_now=True),
    Index("ix_events_job_id_id", "job_id", "id"),
)

workers = Table(
    "workers",
    metadata,
    Column("name", Text, primary_key=True),
    Column("queue", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    _instant("seen_at", default_now=True),
    _instant("started_at", default_now=True),
    Index("ix_workers_queue_seen_at", "queue", "seen_at"),
)

queues = Table(
    "queues",
    metadata,
    Column("name", Text, primary_key=True),
    _instant("paused_at", nullable=True),
)

# A trigger on job_actions keeps these two; the sum over the shards counts.
queue_counts = Table(
    "queue_counts",
    metadata,
    Column("queue", Text, primary_key=True),
    Column("shard", SmallInteger, primary_key=True),
    *(
        Column(status, BigInteger, nullable=False)
        for status in ("pending", "processing", "completed", "failed", "cancelled")
    ),
    _instant("served_at", nullable=True),
)

queue_hours = Table(
    "queue_hours",
    metadata,
    Column("queue", Text, primary_key=True),
    Column("shard", SmallInteger, primary_key=True),
    Column("slot", SmallInteger, primary_key=True),
    _instant("hour"),
    Column("completed", BigInteger, nullable=False),
    Column("failed", BigInteger, nullable=False),
)

pages = Table(
    "pages",
    metadata,
    Column("run_id", Uuid, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("document_id", Uuid, ForeignKey("documents.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer),
    Column("char_start", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
    Index("ix_pages_document_id", "document_id"),
)

chunks = Table(
    "chunks",
    metadata,
    # A small number of its own: postings and the vector index carry it millions of times.
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("chunk_id", Uuid, nullable=False),
    Column("run_id", Uuid, nullable=False),
    Column("document_id", Uuid, ForeignKey("documents.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("char_start", BigInteger, nullable=False),
    Column("char_end", BigInteger, nullable=False),
    Column("page_start", Integer),
    Column("page_end", Integer),
    Column("token_count", Integer, nullable=False),
    Column("headings", ARRAY(Text), nullable=False),
    Column("content_hash", LargeBinary, nullable=False),
    Column("language", Text, nullable=False),
    Column("term_count", Integer, nullable=False),
    UniqueConstraint("run_id", "position"),
    UniqueConstraint("chunk_id"),
    Index("ix_chunks_document_id", "document_id"),
    # What BM25 must know of each language is read from the index alone.
    Index("ix_chunks_language_term_count", "language", "term_count"),
)

embedding_models = Table(
    "embedding_models",
    metadata,
    Column("id", SmallInteger, Identity(always=True), primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("dimensions", Integer, nullable=False),
    # How it is loaded, as the settings say it of the first one; null where nobody has used it since that is noted.
    Column("source", Text),
    Column("query_prefix", Text),
    Column("passage_prefix", Text),
    # When it ceased to be live or in preparation, if it is neither.
    _instant("used_at", default_now=True),
)

# One row. Its lock is what publishing shares and swapping has alone.
models_in_use = Table(
    "models_in_use",
    metadata,
    Column("only_row", Boolean, primary_key=True, server_default=text("true")),
    Column("live", SmallInteger, ForeignKey("embedding_models.id"), nullable=False),
    Column("preparing", SmallInteger, ForeignKey("embedding_models.id")),
    # The run that prepares.
    Column("action_id", Uuid),
    Column("run_lease", BigInteger),
)

embeddings = Table(
    "embeddings",
    metadata,
    Column("chunk", BigInteger, ForeignKey("chunks.id", ondelete="CASCADE"), primary_key=True),
    Column("model", SmallInteger, ForeignKey("embedding_models.id"), primary_key=True),
    Column("vector", Vector, nullable=False),
)

postings = Table(
    "postings",
    metadata,
    Column("language", Text, nullable=False),
    Column("term", Text, nullable=False),
    # No foreign key: checking it for each of a chunk's hundred postings would cost more than writing them. A trigger on
    # chunks deletes them.
    Column("chunk", BigInteger, nullable=False),
    Column("frequency", SmallInteger, nullable=False),
    Column("length", Integer, nullable=False),
    Index("ix_postings_language_term_chunk", "language", "term", "chunk", postgresql_include=["frequency", "length"]),
    Index("ix_postings_chunk", "chunk"),
)

embedding_cache = Table(
    "embedding_cache",
    metadata,
    Column("model", SmallInteger, ForeignKey("embedding_models.id"), primary_key=True),
    Column("content_hash", LargeBinary, primary_key=True),
    Column("vector", Vector, nullable=False),
    _instant("used_at", default_now=True),
    Index("ix_embedding_cache_used_at", "used_at"),
)

schedules = Table(
    "schedules",
    metadata,
    Column("name", Text, primary_key=True),
    _instant("started_at", default_now=True),
)

# A sum is rows of both tables: runs append to the second without waiting for each other, and from time to time its rows
# are added to those of the first.
counters = Table(
    "counters",
    metadata,
    Column("name", Text, primary_key=True),
    Column("labels", JSONB, primary_key=True),
    Column("bound", Double, primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("amount", Double, nullable=False),
)

counter_increments = Table(
    "counter_increments",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("name", Text, nullable=False),
    Column("labels", JSONB, nullable=False),
    Column("bound", Double, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("amount", Double, nullable=False),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("tenant_id", Uuid, ForeignKey("tenants.id"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    # No foreign key: cleanup keeps a job for as long as its key.
    Column("job_id", Uuid),
    Column("details", JSONB, nullable=False, server_default="{}"),
    _instant("created_at", default_now=True),
    Index("ix_idempotency_keys_created_at", "created_at"),
    Index("ix_idempotency_keys_job_id", "job_id"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, ForeignKey("tenants.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("secret_sha256", LargeBinary, nullable=False),
    _instant("created_at"),
    _instant("expires_at", nullable=True),
    _instant("last_used_at", nullable=True),
    _instant("revoked_at", nullable=True),
    Index("ix_api_keys_tenant_id_id", "tenant_id", "id"),
)

artifacts = Table(
    "artifacts",
    metadata,
    Column("action_id", Uuid, primary_key=True),
    Column("run_lease", BigInteger, primary_key=True),
    Column("job_id", Uuid, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
    Column("filename", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    _instant("created_at"),
    # Set with the run that ends well: before that nobody sees it.
    _instant("expires_at", nullable=True),
    _instant("deleted_at", nullable=True),
    Index("ix_artifacts_job_id", "job_id"),
    Index("ix_artifacts_kept", "action_id", postgresql_where=text("deleted_at IS NULL")),
)

page_pictures = Table(
    "page_pictures",
    metadata,
    Column("key", Text, primary_key=True),
    Column("document_id", Uuid, ForeignKey("documents.id", ondelete="CASCADE"), nullable=False),
    # Of the bytes that it shows.
    Column("checksum_sha256", Text, nullable=False),
    Column("page", Integer, nullable=False),
    Column("size", Text, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("action_id", Uuid, nullable=False),
    Column("run_lease", BigInteger, nullable=False),
    # Set with the run that ends well: before that nobody sees it.
    Column("published", Boolean, nullable=False, server_default=text("false")),
    Index("ix_page_pictures_document_id", "document_id"),
    Index(
        "ix_page_pictures_published",
        *("document_id", "checksum_sha256", "page", "size"),
        unique=True,
        postgresql_where=text("published"),
    ),
)

document_details = Table(
    "document_details",
    metadata,
    Column("document_id", Uuid, ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    # Of the bytes that were read.
    Column("checksum_sha256", Text, primary_key=True),
    Column("title", Text),
    Column("author", Text),
    _instant("created_at", nullable=True),
    _instant("modified_at", nullable=True),
    Column("outline", JSONB, nullable=False),
)

document_looks = Table(
    "document_looks",
    metadata,
    Column("document_id", Uuid, ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    # Of the bytes that were looked at.
    Column("checksum_sha256", Text, primary_key=True),
    # Null before they were drawn.
    Column("page_count", Integer),
    # Why nothing of them could be drawn, or described.
    Column("preview_error", JSONB),
    Column("metadata_error", JSONB),
)

pages_left_out = Table(
    "pages_left_out",
    metadata,
    Column("document_id", Uuid, primary_key=True),
    Column("checksum_sha256", Text, primary_key=True),
    Column("page", Integer, primary_key=True),
    Column("code", Text, nullable=False),
    ForeignKeyConstraint(
        ["document_id", "checksum_sha256"],
        ["document_looks.document_id", "document_looks.checksum_sha256"],
        ondelete="CASCADE",
    ),
)
