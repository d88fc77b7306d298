"""Vectors of texts that were embedded before, in PostgreSQL."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, text

from infrastructure.postgres.errors import database_errors
from infrastructure.postgres.vectors import ensure_embedding_model, find_model, from_binary, to_text

# What is used again is marked once a day at most, so that old entries can be told; a marked row is never waited for.
GET = text("""
    WITH stale AS (
        SELECT model, content_hash FROM embedding_cache
        WHERE model = :model AND content_hash = ANY(:hashes) AND used_at < now() - interval '1 day'
        FOR UPDATE SKIP LOCKED
    ), touched AS (
        UPDATE embedding_cache c SET used_at = now() FROM stale
        WHERE c.model = stale.model AND c.content_hash = stale.content_hash
    )
    SELECT content_hash, vector_send(vector) AS vector FROM embedding_cache
    WHERE model = :model AND content_hash = ANY(:hashes)
""")
PUT = text("""
    INSERT INTO embedding_cache (model, content_hash, vector)
    SELECT :model, hash, vector::vector
    FROM unnest(CAST(:hashes AS bytea[]), CAST(:vectors AS text[])) AS given(hash, vector)
    ON CONFLICT DO NOTHING
""")


class PostgresEmbeddingCache:
    """Implements EmbeddingCache."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, model_name: str, content_hashes: Sequence[bytes]) -> Mapping[bytes, NDArray[np.float32]]:
        """Return what is known, in one round trip or two."""
        if not content_hashes:
            return {}
        with database_errors(), self._engine.begin() as connection:
            model = find_model(connection, model_name)
            if model is None:
                return {}
            rows = connection.execute(GET, {"model": model.id, "hashes": list(content_hashes)}).all()
        return {bytes(row.content_hash): from_binary(row.vector) for row in rows}

    def put(self, model_name: str, vectors: Mapping[bytes, NDArray[np.float32]]) -> None:
        """Insert what is not there. In order of the hashes: two writers then wait for each other, never in a circle."""
        if not vectors:
            return
        hashes = sorted(vectors)
        with database_errors():
            model_id = ensure_embedding_model(self._engine, model_name, len(vectors[hashes[0]]))
            literals = [to_text(vectors[key]) for key in hashes]
            with self._engine.begin() as connection:
                connection.execute(PUT, {"model": model_id, "hashes": hashes, "vectors": literals})
