"""What runs have put as artifacts, inside a transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, exists, insert, select, update

from domain.action import ActionStatus, Run
from domain.artifact import Artifact
from domain.ids import ActionId
from infrastructure.postgres.engine import LEAST_ID
from infrastructure.postgres.errors import database_errors
from infrastructure.postgres.tables import artifacts, job_actions


class PostgresArtifactStore:
    """Implements application/ports/artifact_store.py."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, artifact: Artifact) -> None:
        """Insert the row."""
        values = {field: getattr(artifact, field) for field in Artifact.__dataclass_fields__}
        with database_errors():
            self._connection.execute(insert(artifacts).values(values))

    def publish(self, run: Run, *, expires_at: datetime) -> None:
        """Give it its time."""
        with database_errors():
            self._connection.execute(update(artifacts).where(_is(run)).values(expires_at=expires_at))

    def published(self, action_id: ActionId) -> Artifact | None:
        """Find the one with a time; of an action only one run ends well."""
        query = select(artifacts).where(artifacts.c.action_id == action_id, artifacts.c.expires_at.is_not(None))
        with database_errors():
            row = self._connection.execute(query).one_or_none()
        return artifact_of(row) if row else None

    def left_behind(self, action_id: ActionId) -> Sequence[Artifact]:
        """Find those of runs that do not hold the action any more."""
        at_work = exists().where(
            job_actions.c.id == artifacts.c.action_id,
            job_actions.c.run_lease == artifacts.c.run_lease,
            job_actions.c.status == ActionStatus.PROCESSING,
        )
        query = select(artifacts).where(artifacts.c.action_id == action_id, artifacts.c.expires_at.is_(None), ~at_work)
        with database_errors():
            return [artifact_of(row) for row in self._connection.execute(query.order_by(artifacts.c.run_lease))]

    def remove(self, run: Run) -> None:
        """Delete the row, unless it was published."""
        with database_errors():
            self._connection.execute(delete(artifacts).where(_is(run), artifacts.c.expires_at.is_(None)))

    def expired(self, before: datetime, *, after: ActionId | None, limit: int) -> Sequence[Artifact]:
        """Read by the index of those that are kept."""
        query = (
            select(artifacts)
            .where(artifacts.c.deleted_at.is_(None), artifacts.c.expires_at < before)
            .where(artifacts.c.action_id > (after or LEAST_ID))
            .order_by(artifacts.c.action_id)
            .limit(limit)
        )
        with database_errors():
            return [artifact_of(row) for row in self._connection.execute(query)]

    def mark_deleted(self, run: Run, *, at: datetime) -> None:
        """Write down when."""
        with database_errors():
            self._connection.execute(update(artifacts).where(_is(run)).values(deleted_at=at))


def artifact_of(row: Row[Any]) -> Artifact:
    """Read a row of `artifacts`."""
    return Artifact(**{field: getattr(row, field) for field in Artifact.__dataclass_fields__})


def _is(run: Run) -> ColumnElement[bool]:
    return and_(artifacts.c.action_id == run.action_id, artifacts.c.run_lease == run.run_lease)
