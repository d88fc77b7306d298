"""Queues and workers, as those see them who run Esteira."""

from collections.abc import Sequence
from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field

from application.ports.queue_messages import MessageCounts, MessageState
from application.ports.queue_reader import EndedInHour, QueueState, RunningAction, WorkerState
from application.queue_health import QueueCondition, QueueHealth
from interface.api.v1.schemas.values import Instant

MESSAGE_COUNTS = tuple(MessageCounts.__dataclass_fields__)
OF_ITSELF = ("queued", "started", "finished", "failed", "cancelled", "scheduled", "workers", "paused_at")


class RqCounts(BaseModel):
    """The queue as RQ counts it: messages in Redis, which come and go without any work being lost."""

    queued: int
    started: int
    finished: int
    failed: int
    scheduled: int
    deferred: int
    workers: int


class QueueBody(BaseModel):
    """A queue as PostgreSQL counts its actions."""

    queued: int = Field(description="Due, and waiting for a worker.")
    started: int = Field(description="A worker is at them.")
    finished: int = Field(description="Completed, as long as they are kept.")
    failed: int = Field(description="Failed for good and not retried since, as long as they are kept.")
    cancelled: int = Field(description="Cancelled, as long as they are kept.")
    scheduled: int = Field(description="Waiting for a later time, such as that of their next attempt.")
    oldest_pending_seconds: float | None = Field(description="How long the first of those that are due has waited.")
    workers: int = Field(description="Worker processes that live.")
    paused: bool
    paused_at: Instant | None
    rq: RqCounts | None = Field(description="Null while Redis does not answer.")

    @classmethod
    def of(cls, state: QueueState, messages: MessageCounts | None) -> Self:
        """Return the queue."""
        waited = state.oldest_pending_seconds
        return cls(
            **{name: getattr(state, name) for name in OF_ITSELF},
            oldest_pending_seconds=None if waited is None else round(waited, 3),
            paused=state.paused_at is not None,
            rq=RqCounts(**{name: getattr(messages, name) for name in MESSAGE_COUNTS}) if messages else None,
        )


class RedisBody(BaseModel):
    """What Redis says of itself; null while it does not answer."""

    used_memory_bytes: int | None
    connected_clients: int | None


class QueueInfo(BaseModel):
    """All queues by name."""

    queues: dict[str, QueueBody]
    failure_rate_24h: float | None = Field(
        description="Share (0 to 1) of what ended in the last 24 hours, counted by whole hours, that failed for good, "
        "whether retried since or not. Null where nothing ended."
    )
    redis: RedisBody

    @classmethod
    def of(cls, states: dict[str, QueueState], failure_rate: float | None, messages: MessageState | None) -> Self:
        """Return what is known; without `messages`, null in their place."""
        of_queue = messages.queues if messages else {}
        return cls(
            queues={name: QueueBody.of(state, of_queue.get(name)) for name, state in states.items()},
            failure_rate_24h=failure_rate,
            redis=RedisBody(
                used_memory_bytes=messages.used_memory_bytes if messages else None,
                connected_clients=messages.connected_clients if messages else None,
            ),
        )


class HourBody(BaseModel):
    """What ended for good in the hour that begins then, whether it was retried since or not."""

    hour: Instant
    completed: int
    failed: int


class Throughput(BaseModel):
    """The last 24 hours, the present one included, the oldest first."""

    hours: list[HourBody]

    @classmethod
    def of(cls, hours: Sequence[EndedInHour]) -> Self:
        """Return the hours."""
        return cls(hours=[HourBody(hour=ended.hour, completed=ended.completed, failed=ended.failed) for ended in hours])


class PartHealth(BaseModel):
    """Whether a part answers; if not, what to do."""

    healthy: bool
    code: str | None
    detail: str | None


class QueueHealthBody(BaseModel):
    """How a queue is, and what to do about it.

    `starved`: work waits and no worker lives. `stuck`: something is overdue. `paused` is somebody's will, so healthy.
    """

    healthy: bool
    condition: QueueCondition
    detail: str | None

    @classmethod
    def of(cls, health: QueueHealth) -> Self:
        """Return the judgement."""
        return cls(healthy=health.is_healthy, condition=health.condition, detail=health.advice)


class StackHealth(BaseModel):
    """Each part and each queue by name; while the database is away, no queue is known."""

    healthy: bool
    parts: dict[str, PartHealth]
    queues: dict[str, QueueHealthBody]


class RunningBody(BaseModel):
    """What a worker is at."""

    job_id: UUID
    action_id: UUID
    type: str
    document_id: UUID | None
    filename: str | None
    attempt: int
    progress: int
    since: Instant

    @classmethod
    def of(cls, running: RunningAction) -> Self:
        """Return the work."""
        action = running.action
        return cls(
            job_id=action.job_id,
            action_id=action.id,
            type=action.type,
            document_id=running.document_id,
            filename=running.filename,
            attempt=action.attempt,
            progress=action.report.progress,
            since=running.since,
        )


class WorkerBody(BaseModel):
    """A worker process. One that was killed is shown for an hour, not `alive`; `running` is null while it waits."""

    name: str
    queue: str
    host: str
    pid: int
    alive: bool
    started_at: Instant
    seen_at: Instant
    running: RunningBody | None

    @classmethod
    def of(cls, worker: WorkerState) -> Self:
        """Return the worker."""
        process = worker.process
        return cls(
            name=process.name,
            queue=process.queue,
            host=process.host,
            pid=process.pid,
            alive=worker.is_alive,
            started_at=worker.started_at,
            seen_at=worker.seen_at,
            running=RunningBody.of(worker.running) if worker.running else None,
        )


class WorkerList(BaseModel):
    """All workers by queue and name: there is one page."""

    items: list[WorkerBody]
    next_cursor: None = None


class SwitchedQueue(BaseModel):
    """A queue, and since when it starts nothing; null if it does."""

    queue: str
    paused: bool
    paused_at: Instant | None
