"""What those who wait want to know: their place in the queue, who serves it, and how fast work goes here."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection, DateTime, cast, func, select

from domain.action import Action, ActionStatus
from domain.ids import ActionId
from infrastructure.postgres.tables import job_actions, workers
from infrastructure.postgres.worker_registry import lives

# A place further back than this in the queue is not worth counting exactly.
COUNTED_POSITIONS = 10_000
# Enough to even out large and small documents, few enough to follow a change of machine.
MEASURED_ACTIONS = 50


def queue_positions(connection: Connection, waiting: Sequence[Action]) -> Mapping[ActionId, int]:
    """Number those who wait in the same queues, in the order in which they are due."""
    line = (
        select(
            job_actions.c.id,
            func.row_number().over(partition_by=job_actions.c.queue, order_by=job_actions.c.due_at).label("position"),
        )
        .where(job_actions.c.status == ActionStatus.PENDING)
        .where(job_actions.c.queue.in_({action.queue for action in waiting}))
        .order_by(job_actions.c.due_at)
        .limit(COUNTED_POSITIONS)
        .subquery()
    )
    query = select(line.c.id, line.c.position).where(line.c.id.in_([action.id for action in waiting]))
    return {row.id: row.position for row in connection.execute(query)}


def queue_workers(connection: Connection, queues: Collection[str]) -> Mapping[str, int]:
    """Count the living workers of each queue; one that has none is left out."""
    query = select(workers.c.queue, func.count()).where(workers.c.queue.in_(queues), lives()).group_by(workers.c.queue)
    return {row[0]: row[1] for row in connection.execute(query)}


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
