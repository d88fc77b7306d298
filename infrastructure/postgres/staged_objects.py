"""Objects in the store that no document has yet, inside a transaction."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, exists, insert, select

from domain.action import ActionStatus, Run
from domain.ids import DocumentId
from infrastructure.postgres.errors import database_errors
from infrastructure.postgres.tables import job_actions, staged_objects


class PostgresStagedObjects:
    """Implements application/ports/staged_objects.py."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, parent_id: DocumentId, run: Run, keys: Sequence[str]) -> None:
        """Insert a row for each key."""
        rows = [
            {"key": key, "parent_id": parent_id, "action_id": run.action_id, "run_lease": run.run_lease} for key in keys
        ]
        with database_errors():
            self._connection.execute(insert(staged_objects), rows)

    def left_behind(self, parent_id: DocumentId) -> Sequence[str]:
        """Find those of runs that do not hold their action any more."""
        at_work = exists().where(
            job_actions.c.id == staged_objects.c.action_id,
            job_actions.c.run_lease == staged_objects.c.run_lease,
            job_actions.c.status == ActionStatus.PROCESSING,
        )
        query = select(staged_objects.c.key).where(staged_objects.c.parent_id == parent_id, ~at_work)
        with database_errors():
            return list(self._connection.execute(query.order_by(staged_objects.c.key)).scalars())

    def remove(self, keys: Sequence[str]) -> None:
        """Delete the rows."""
        with database_errors():
            self._connection.execute(delete(staged_objects).where(staged_objects.c.key.in_(keys)))
