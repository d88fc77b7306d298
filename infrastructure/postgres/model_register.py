"""Which embedding models count, in a table of one row."""

from sqlalchemy import Connection, Engine, text

from domain.action import Run
from domain.embedding_model import EmbeddingModel, ModelChoice, ModelsInUse
from domain.errors import ModelNotUsable, ReembeddingRunning
from infrastructure.postgres.errors import database_errors
from infrastructure.postgres.fence import require_owner
from infrastructure.postgres.vectors import ensure_embedding_model

IN_USE = text("""
    SELECT m.id = s.live AS is_live, m.name, m.dimensions, m.source, m.query_prefix, m.passage_prefix
    FROM models_in_use s JOIN embedding_models m ON m.id IN (s.live, s.preparing)
""")
ADOPT = text("INSERT INTO models_in_use (live) VALUES (:id) ON CONFLICT DO NOTHING RETURNING live")
DESCRIBE = text("""
    UPDATE embedding_models SET source = :source, query_prefix = :query, passage_prefix = :passage WHERE id = :id
""")
# Without its index: vectors are written quicker before there is one, and making it here would lock the table.
ADD = text("INSERT INTO embedding_models (name, dimensions) VALUES (:name, :dimensions) ON CONFLICT DO NOTHING")
FIND = text("SELECT id, dimensions FROM embedding_models WHERE name = :name")
LOCK = text("SELECT live, preparing, action_id FROM models_in_use FOR UPDATE")
PREPARE = text("UPDATE models_in_use SET preparing = :id, action_id = :action, run_lease = :lease")
RELEASE = text("""
    WITH released AS (
        SELECT preparing FROM models_in_use WHERE action_id = :action AND run_lease = :lease FOR UPDATE
    ), used AS (
        UPDATE embedding_models SET used_at = now() WHERE id IN (SELECT preparing FROM released)
    )
    UPDATE models_in_use SET preparing = NULL, action_id = NULL, run_lease = NULL WHERE EXISTS (SELECT FROM released)
""")


class PostgresModelRegister:
    """Implements application/ports/model_register.py."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def in_use(self) -> ModelsInUse | None:
        """Read the row with its models."""
        with database_errors(), self._engine.connect() as connection:
            return _in_use(connection)

    def adopt(self, model: EmbeddingModel) -> ModelsInUse:
        """Insert the row unless it is there."""
        with database_errors():
            try:
                model_id = ensure_embedding_model(self._engine, model.name, model.dimensions)
            except ValueError as error:
                raise ModelNotUsable(str(error)) from error
            with self._engine.begin() as connection:
                if connection.execute(ADOPT, {"id": model_id}).one_or_none():
                    _describe(connection, model_id, model.choice)
            with self._engine.connect() as connection:
                in_use = _in_use(connection)
        if in_use is None:
            raise RuntimeError("the row of the models in use is never deleted")
        return in_use

    def prepare(self, model: EmbeddingModel, run: Run) -> None:
        """Note it under the row's lock."""
        with database_errors(), self._engine.begin() as connection:
            connection.execute(ADD, {"name": model.name, "dimensions": model.dimensions})
            state = connection.execute(LOCK).one()
            require_owner(connection, run)
            found = connection.execute(FIND, {"name": model.name}).one()
            if found.dimensions != model.dimensions:
                raise ModelNotUsable(
                    f"The model {model.name} is known with {found.dimensions} dimensions, and has {model.dimensions}."
                )
            if found.id != state.live:
                if state.preparing is not None and state.action_id != run.action_id:
                    raise ReembeddingRunning
                connection.execute(PREPARE, {"id": found.id, "action": run.action_id, "lease": run.run_lease})
            _describe(connection, found.id, model.choice)

    def release(self, run: Run) -> None:
        """Empty the columns if they are of this run."""
        with database_errors(), self._engine.begin() as connection:
            connection.execute(RELEASE, {"action": run.action_id, "lease": run.run_lease})


def _describe(connection: Connection, model_id: int, choice: ModelChoice) -> None:
    described = {"source": choice.model, "query": choice.query_prefix, "passage": choice.passage_prefix}
    connection.execute(DESCRIBE, {"id": model_id, **described})


def _in_use(connection: Connection) -> ModelsInUse | None:
    models = {
        row.is_live: EmbeddingModel(
            name=row.name,
            dimensions=row.dimensions,
            choice=ModelChoice(model=row.source, query_prefix=row.query_prefix, passage_prefix=row.passage_prefix),
        )
        for row in connection.execute(IN_USE)
    }
    return ModelsInUse(live=models[True], preparing=models.get(False)) if models else None
