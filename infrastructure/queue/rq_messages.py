"""What Redis and RQ say of themselves."""

from collections.abc import Iterator

from redis import Redis
from rq import Queue
from rq.worker_registration import WORKERS_BY_QUEUE_KEY

from application.ports.queue_messages import MessageCounts, MessageState
from infrastructure.queue.queue_names import QUEUES
from infrastructure.queue.redis_queue import redis_errors

COUNTS = tuple(MessageCounts.__dataclass_fields__)


class RqMessages:
    """Implements application/ports/queue_messages.py. Keys are read as RQ's own counts would clean up first."""

    def __init__(self, connection: Redis) -> None:
        self._connection = connection
        self._queues = [Queue(name, connection=connection) for name in QUEUES]

    def state(self) -> MessageState:
        """Ask everything at once."""
        with redis_errors():
            pipeline = self._connection.pipeline(transaction=False)
            for queue in self._queues:
                pipeline.llen(queue.key)
                for registry in _registries(queue):
                    pipeline.zcard(registry)
                pipeline.scard(WORKERS_BY_QUEUE_KEY % queue.name)
            pipeline.info("memory")
            pipeline.info("clients")
            *counts, memory, clients = pipeline.execute()
        numbers = iter(counts)
        return MessageState(
            queues={queue.name: _counts(numbers) for queue in self._queues},
            used_memory_bytes=memory["used_memory"],
            connected_clients=clients["connected_clients"],
        )


def _registries(queue: Queue) -> tuple[str, ...]:
    return (
        queue.started_job_registry.key,
        queue.finished_job_registry.key,
        queue.failed_job_registry.key,
        queue.scheduled_job_registry.key,
        queue.deferred_job_registry.key,
    )


def _counts(numbers: Iterator[int]) -> MessageCounts:
    return MessageCounts(**{name: next(numbers) for name in COUNTS})
