"""Which queues are paused, inside a transaction."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from domain.errors import QueueNotFound
from infrastructure.postgres.errors import database_errors
from infrastructure.postgres.tables import queues


class PostgresQueueSwitches:
    """Implements application/ports/queue_switches.py."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def pause(self, name: str) -> datetime:
        """Note since when."""
        since: datetime = self._set(name, func.coalesce(queues.c.paused_at, func.clock_timestamp())).paused_at
        return since

    def resume(self, name: str) -> None:
        """Take the note away."""
        self._set(name, None)

    def is_paused(self, name: str) -> bool:
        """Look for the note."""
        query = select(queues.c.name).where(queues.c.name == name, queues.c.paused_at.is_not(None))
        with database_errors():
            return self._connection.execute(query).first() is not None

    def _set(self, name: str, paused_at: object) -> Row[Any]:
        change = update(queues).where(queues.c.name == name).values(paused_at=paused_at).returning(queues.c.paused_at)
        with database_errors():
            row = self._connection.execute(change).one_or_none()
        if row is None:
            raise QueueNotFound
        return row
