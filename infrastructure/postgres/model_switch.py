"""Which embedding model is live, inside a transaction: who publishes shares the row's lock, who swaps has it alone."""

from sqlalchemy import Connection, text

from domain.action import Run
from domain.errors import LeaseLost, ModelsChanged
from infrastructure.postgres.engine import TAKE_LONG
from infrastructure.postgres.errors import database_errors

SHARE = text("SELECT live FROM models_in_use FOR SHARE")
LOCK = text("SELECT live, preparing, action_id, run_lease FROM models_in_use FOR UPDATE")
LACKS = "NOT EXISTS (SELECT FROM embeddings e WHERE e.chunk = c.id AND e.model = :model)"
RUN_LACKS = text(f"SELECT EXISTS (SELECT FROM chunks c WHERE c.run_id = :run AND {LACKS})")  # noqa: S608 - our own
PUBLISHED_LACK = text(
    f"SELECT EXISTS (SELECT FROM documents d JOIN chunks c ON c.run_id = d.published_run WHERE {LACKS})"  # noqa: S608
)
SWAP = text("UPDATE models_in_use SET live = preparing, preparing = NULL, action_id = NULL, run_lease = NULL")
USED = text("UPDATE embedding_models SET used_at = now() WHERE id = :model")


class PostgresModelSwitch:
    """Implements application/ports/model_switch.py."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def require_live_vectors(self, run: Run) -> None:
        """Share the lock, then look in a statement of its own: it sees what was committed while it waited."""
        with database_errors():
            live = self._connection.execute(SHARE).scalar_one()
            if self._connection.execute(RUN_LACKS, {"run": run.id, "model": live}).scalar_one():
                raise ModelsChanged

    def make_live(self, run: Run) -> None:
        """Take the lock alone: what is being published is waited for and seen, what comes later sees the swap."""
        with database_errors():
            state = self._connection.execute(LOCK).one()
            if (state.action_id, state.run_lease) != (run.action_id, run.run_lease):
                raise LeaseLost
            self._connection.execute(TAKE_LONG)
            if self._connection.execute(PUBLISHED_LACK, {"model": state.preparing}).scalar_one():
                raise ModelsChanged
            self._connection.execute(SWAP)
            self._connection.execute(USED, {"model": state.live})
