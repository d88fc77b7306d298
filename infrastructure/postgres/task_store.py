"""Jobs that are about no document, inside a transaction."""

import json
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import Connection, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from domain.action import FINAL
from domain.ids import JobId
from infrastructure.postgres.errors import database_errors
from infrastructure.postgres.tables import job_actions, schedules

ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


class PostgresTaskStore:
    """Implements application/ports/task_store.py."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def running(self, action_type: str, params: Mapping[str, object]) -> JobId | None:
        """Look while nobody else who asks the same can."""
        query = (
            select(job_actions.c.job_id)
            .where(job_actions.c.type == action_type, job_actions.c.params == dict(params))
            .where(job_actions.c.status.not_in(FINAL))
            .order_by(job_actions.c.id)
            .limit(1)
        )
        with database_errors():
            name = f"{action_type} {json.dumps(params, sort_keys=True)}"
            self._connection.execute(ALONE, {"name": name})
            found = self._connection.execute(query).scalar_one_or_none()
        return None if found is None else JobId(found)

    def take_turn(self, schedule: str, *, every: timedelta) -> bool:
        """Move the schedule's time, if it is long enough ago."""
        now = func.clock_timestamp()
        # A turn in time to come is one by a clock that was set back since: waiting for it could take years.
        is_due = or_(schedules.c.started_at <= now - every, schedules.c.started_at > now)
        with database_errors():
            self._connection.execute(insert(schedules).values(name=schedule).on_conflict_do_nothing())
            moved = self._connection.execute(
                update(schedules).where(schedules.c.name == schedule, is_due).values(started_at=now)
            )
        return moved.rowcount == 1
