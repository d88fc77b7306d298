"""Judges a queue by its state, and says what to do."""

from dataclasses import dataclass
from enum import StrEnum

from application.ports.queue_reader import QueueState


class QueueCondition(StrEnum):
    """How a queue is."""

    OK = "ok"
    PAUSED = "paused"
    STARVED = "starved"
    STUCK = "stuck"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueHealth:
    """A condition, and what to do about it. A pause is somebody's will, so it counts as healthy."""

    condition: QueueCondition
    advice: str | None = None

    @property
    def is_healthy(self) -> bool:
        """True if nobody need get up at night."""
        return self.condition in {QueueCondition.OK, QueueCondition.PAUSED}


def judge(name: str, state: QueueState) -> QueueHealth:
    """Return the gravest of what is the matter."""
    if state.has_overdue_run:
        return QueueHealth(
            condition=QueueCondition.STUCK,
            advice="A run is overdue and nobody has taken its work back. Every API and worker process would: see that "
            "one runs, and what its log says of the reaper.",
        )
    if state.paused_at:
        advice = (
            f"It starts nothing until it is resumed: esteira queue resume {name}, or POST /api/v1/queue/{name}/resume."
        )
        return QueueHealth(condition=QueueCondition.PAUSED, advice=advice)
    if state.queued and not state.workers:
        advice = f"Work waits and no worker lives. Start one: python worker.py --queue {name}."
        return QueueHealth(condition=QueueCondition.STARVED, advice=advice)
    if state.has_unsent_work:
        return QueueHealth(
            condition=QueueCondition.STUCK,
            advice="Work is due and is not sent to the workers. See that Redis answers, and what the logs of API and "
            "workers say of the relay.",
        )
    if state.has_unserved_work:
        return QueueHealth(
            condition=QueueCondition.STUCK,
            advice="Work was sent, workers live, and take nothing up. See that API and workers have the same "
            "ESTEIRA_REDIS_URL, that `rq suspend` does not hold, and what the workers' logs say.",
        )
    return QueueHealth(condition=QueueCondition.OK)
