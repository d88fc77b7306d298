"""Vectors of models that nobody uses any more."""

from collections.abc import Sequence
from datetime import datetime

from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, Engine, exc, text

from domain.cleanup import Amount
from infrastructure.postgres.engine import TAKE_LONG
from infrastructure.postgres.errors import database_errors
from infrastructure.postgres.vectors import StoredModel, find_model, index_name

# Where no model is live yet, any of them may become it.
MODELS = text("""
    SELECT m.name FROM embedding_models m CROSS JOIN models_in_use s
    WHERE m.used_at < :before AND m.id <> s.live AND m.id IS DISTINCT FROM s.preparing ORDER BY m.id
""")
# Whoever wants the model again waits until the transaction is over.
SHARE = text("""
    SELECT FROM models_in_use WHERE live <> :model AND preparing IS DISTINCT FROM :model FOR SHARE
""")
COUNT = text(
    "SELECT count(*) AS number, coalesce(sum(pg_column_size(e.*)), 0) AS bytes FROM embeddings e WHERE model = :model"
)
DROP = text("""
    WITH found AS (
        SELECT chunk FROM embeddings WHERE model = :model AND chunk > :after ORDER BY chunk LIMIT :limit
    ), gone AS (
        DELETE FROM embeddings e USING found WHERE e.model = :model AND e.chunk = found.chunk
        RETURNING pg_column_size(e.*) AS bytes
    )
    SELECT (SELECT count(*) FROM gone) AS number, (SELECT coalesce(sum(bytes), 0) FROM gone) AS bytes,
        max(chunk) AS last, count(*) AS looked_at FROM found
""")
# A search holds the index for a moment; those that come while it is dropped wait behind it, no longer than this.
PATIENCE = text("SET LOCAL lock_timeout = '500ms'")


class PostgresOldVectors:
    """Implements application/ports/old_vectors.py."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def models(self, before: datetime) -> Sequence[str]:
        """Look at all models."""
        with database_errors(), self._engine.connect() as connection:
            return list(connection.execute(MODELS, {"before": before}).scalars())

    def count(self, model_name: str) -> Amount:
        """Count."""
        with database_errors(), self._engine.begin() as connection:
            connection.execute(TAKE_LONG)
            model = find_model(connection, model_name)
            row = connection.execute(COUNT, {"model": model.id if model else None}).one()
        return Amount(count=row.number, size_bytes=int(row.bytes))

    def drop(self, model_name: str, *, after: int, limit: int) -> tuple[Amount, int | None]:
        """Delete under the shared lock of the models in use."""
        with database_errors(), self._engine.begin() as connection:
            connection.execute(TAKE_LONG)
            model = _unused(connection, model_name)
            if model is None:
                return Amount(), None
            row = connection.execute(DROP, {"model": model.id, "after": after, "limit": limit}).one()
        amount = Amount(count=row.number, size_bytes=int(row.bytes))
        return amount, row.last if row.looked_at == limit else None

    def drop_index(self, model_name: str) -> bool:
        """Drop it if that can be done at once."""
        with database_errors():
            try:
                with self._engine.begin() as connection:
                    connection.execute(PATIENCE)
                    if model := _unused(connection, model_name):
                        connection.execute(text(f"DROP INDEX IF EXISTS {index_name(model)}"))
            except exc.OperationalError as error:
                if isinstance(error.orig, LockNotAvailable):
                    return False
                raise
        return True


def _unused(connection: Connection, model_name: str) -> StoredModel | None:
    model = find_model(connection, model_name)
    if model is None or connection.execute(SHARE, {"model": model.id}).one_or_none() is None:
        return None
    return model
