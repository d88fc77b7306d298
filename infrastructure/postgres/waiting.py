"""What those who wait want to know: their place in the queue, who serves it, and how fast work goes here."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CTE, Connection, DateTime, Select, case, cast, func, literal, select

from application.state_version import Hindrance
from domain.action import Action, ActionStatus
from domain.ids import ActionId
from infrastructure.postgres.tables import job_actions, queues, workers
from infrastructure.postgres.worker_registry import lives

# A place further back than this in the queue is not worth counting exactly.
COUNTED_POSITIONS = 10_000
# Up to so many places are counted one by one: for more, the head of the queue is read once.
FEW = 3
# Enough to even out large and small documents, few enough to follow a change of machine.
MEASURED_ACTIONS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitedFor:
    """A queue in which something waits: how many processes serve it, and whether it is paused."""

    workers: int
    is_paused: bool


NOBODY = WaitedFor(workers=0, is_paused=False)
_LIVE = select(func.count()).where(workers.c.queue == queues.c.name, lives()).correlate(queues).scalar_subquery()
_HINDRANCE = case((queues.c.paused_at.is_not(None), Hindrance.PAUSED.value), (_LIVE == 0, Hindrance.UNSERVED.value))


def queue_positions(connection: Connection, waiting: Sequence[Action]) -> Mapping[ActionId, int]:
    """Number those who wait by the order in which they are due; who is too far back is left out."""
    count_ahead = _counted_one_by_one if len(waiting) <= FEW else _counted_in_line
    return {row.id: row.ahead + 1 for row in connection.execute(count_ahead(waiting)) if row.ahead < COUNTED_POSITIONS}


def _counted_one_by_one(waiting: Sequence[Action]) -> Select[Any]:
    """Read only what is ahead of each, which does not grow with what is behind."""
    ahead = job_actions.alias("ahead")
    those_ahead = (
        select(ahead.c.due_at)
        .where(ahead.c.status == ActionStatus.PENDING, ahead.c.queue == job_actions.c.queue)
        .where(ahead.c.due_at < job_actions.c.due_at)
        .order_by(ahead.c.due_at)
        .limit(COUNTED_POSITIONS)
        .correlate(job_actions)
        .subquery()
    )
    count = select(func.count()).select_from(those_ahead).scalar_subquery()
    return select(job_actions.c.id, count.label("ahead")).where(job_actions.c.id.in_([a.id for a in waiting]))


def _counted_in_line(waiting: Sequence[Action]) -> Select[Any]:
    """Read the head of the queues once for all."""
    row_number = func.row_number().over(partition_by=job_actions.c.queue, order_by=job_actions.c.due_at)
    line = (
        select(job_actions.c.id, (row_number - 1).label("ahead"))
        .where(job_actions.c.status == ActionStatus.PENDING)
        .where(job_actions.c.queue.in_({action.queue for action in waiting}))
        .order_by(job_actions.c.due_at)
        .limit(COUNTED_POSITIONS)
        .subquery()
    )
    return select(line.c.id, line.c.ahead).where(line.c.id.in_([action.id for action in waiting]))


def queues_waited_for(connection: Connection, names: Collection[str]) -> Mapping[str, WaitedFor]:
    """Count the living workers of each queue, and tell which are paused."""
    query = select(queues.c.name, queues.c.paused_at, _LIVE.label("workers")).where(queues.c.name.in_(names))
    return {
        row.name: WaitedFor(workers=row.workers, is_paused=row.paused_at is not None)
        for row in connection.execute(query)
    }


def hindrances() -> CTE:
    """Return each queue's name and hindrance, found once for all rows that are joined to it."""
    return select(queues.c.name, func.coalesce(_HINDRANCE, literal("")).label("hindrance")).cte("hindrances")


def typical_seconds(connection: Connection, action_type: str) -> float | None:
    """Return how long the last actions took on average from their first stage on; None if the last day had none."""
    began_at = cast(job_actions.c.report["stages"][0][1].astext, DateTime(timezone=True))
    recent = (
        select(func.extract("epoch", job_actions.c.completed_at - began_at).label("seconds"))
        .where(job_actions.c.type == action_type, job_actions.c.status == ActionStatus.COMPLETED)
        .where(job_actions.c.completed_at > func.now() - func.make_interval(0, 0, 0, 1))
        .order_by(job_actions.c.completed_at.desc())
        .limit(MEASURED_ACTIONS)
        .subquery()
    )
    mean = connection.execute(select(func.avg(func.greatest(recent.c.seconds, 0)))).scalar_one()
    return None if mean is None else float(mean)
