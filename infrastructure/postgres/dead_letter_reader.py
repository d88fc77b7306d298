"""What failed for good, with its whole history."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Engine, Row, and_, func, select

from application.ports.dead_letter_reader import DeadLetter, HistoryLine
from domain.action import ActionStatus
from domain.ids import ActionId, TenantId
from infrastructure.postgres.errors import database_errors
from infrastructure.postgres.job_store import is_latest
from infrastructure.postgres.rows import action_of, stages_of
from infrastructure.postgres.tables import documents, events, job_actions, jobs


class PostgresDeadLetterReader:
    """Implements application/ports/dead_letter_reader.py."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def page(
        self, tenant_id: TenantId, *, code: str | None, before: ActionId | None, limit: int
    ) -> Sequence[DeadLetter]:
        """Read failed actions, then the timelines of them all."""
        query = (
            select(job_actions, jobs.c.document_id, documents.c.filename)
            .join(jobs, jobs.c.id == job_actions.c.job_id)
            .outerjoin(documents, documents.c.id == jobs.c.document_id)
            .where(_is_dead(tenant_id))
            .order_by(job_actions.c.id.desc())
            .limit(limit)
        )
        if code is not None:
            query = query.where(job_actions.c.error["code"].astext == code)
        if before is not None:
            query = query.where(job_actions.c.id < before)
        with database_errors(), self._engine.connect() as connection:
            rows = connection.execute(query).all()
            history: dict[UUID, list[HistoryLine]] = defaultdict(list)
            lines = select(events).where(events.c.job_id.in_([row.job_id for row in rows])).order_by(events.c.id)
            for line in connection.execute(lines):
                history[line.action_id].append(history_line_of(line))
        return [
            DeadLetter(
                action=action_of(row), document_id=row.document_id, filename=row.filename, history=history[row.id]
            )
            for row in rows
        ]

    def causes(self, tenant_id: TenantId) -> Mapping[str, int]:
        """Count them all."""
        code, count = job_actions.c.error["code"].astext, func.count()
        query = (
            select(code, count)
            .join(jobs, jobs.c.id == job_actions.c.job_id)
            .where(_is_dead(tenant_id), code.is_not(None))
            .group_by(code)
            .order_by(count.desc(), code)
        )
        with database_errors(), self._engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}


def _is_dead(tenant_id: TenantId) -> ColumnElement[bool]:
    return and_(job_actions.c.status == ActionStatus.FAILED, jobs.c.tenant_id == tenant_id, is_latest())


def history_line_of(row: Row[Any]) -> HistoryLine:
    """Read a row of `events`."""
    return HistoryLine(
        at=row.at,
        status=ActionStatus(row.kind),
        attempt=row.detail["attempt"],
        worker=row.detail["worker"],
        error_code=row.detail["error"],
        error_message=row.detail.get("message"),
        stages=stages_of(row.detail.get("stages", ())),
    )
