"""Vectors in pgvector's binary and text forms, and the models to which they belong."""

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine, text

# Any two processes that add a model at once take turns on this lock.
MODEL_LOCK = 0x6D6F6465
HEADER = struct.Struct("!hh")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredModel:
    """An embedding model as the database knows it."""

    id: int
    dimensions: int


def to_binary(vector: NDArray[np.float32]) -> bytes:
    """Return what vector_recv reads: the number of dimensions, a zero, big-endian float32s."""
    return HEADER.pack(len(vector), 0) + vector.astype(">f4").tobytes()


def from_binary(data: bytes) -> NDArray[np.float32]:
    """Return the vector that vector_send wrote."""
    return np.frombuffer(data, dtype=">f4", offset=HEADER.size).astype(np.float32)


def to_text(vector: NDArray[np.float32]) -> str:
    """Return the vector as a literal, for a parameter of a query."""
    return "[" + ",".join(map(repr, vector.tolist())) + "]"


def find_model(connection: Connection, name: str) -> StoredModel | None:
    """Return the model of that name, None if nothing was ever embedded by it."""
    row = connection.execute(
        text("SELECT id, dimensions FROM embedding_models WHERE name = :name"), {"name": name}
    ).one_or_none()
    return StoredModel(id=row.id, dimensions=row.dimensions) if row else None


def ensure_embedding_model(engine: Engine, name: str, dimensions: int) -> int:
    """Return the model's id; make its row and its vector index first where they are missing.

    Safe to run at once from several processes. Raises ValueError when the model is known with other dimensions.
    """
    with engine.begin() as connection:
        model = find_model(connection, name) or _add_model(connection, name, dimensions)
    if model.dimensions != dimensions:
        raise ValueError(f"The model {name} is known with {model.dimensions} dimensions, not {dimensions}.")
    return model.id


def index_name(model: StoredModel) -> str:
    """Return the name of the index over a model's vectors."""
    return f"ix_embeddings_vector_{model.id}"


def index_statement(model: StoredModel, *, concurrently: bool = False) -> str:
    """Return what makes the index; not concurrently, the table must be small, as it is locked meanwhile."""
    return (
        f"CREATE INDEX {'CONCURRENTLY ' if concurrently else ''}{index_name(model)} ON embeddings"
        f" USING hnsw ((vector::vector({int(model.dimensions)})) vector_cosine_ops) WHERE model = {model.id}"
    )


def _add_model(connection: Connection, name: str, dimensions: int) -> StoredModel:
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MODEL_LOCK})
    if model := find_model(connection, name):
        return model
    insert = text("INSERT INTO embedding_models (name, dimensions) VALUES (:name, :dimensions) RETURNING id")
    model_id = int(connection.execute(insert, {"name": name, "dimensions": dimensions}).scalar_one())
    model = StoredModel(id=model_id, dimensions=dimensions)
    connection.execute(text(index_statement(model)))
    return model
