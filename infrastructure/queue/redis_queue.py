"""The doorbell: RQ's queues in Redis, which carry ids to the workers."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.exceptions import DuplicateJobError
from rq.serializers import JSONSerializer

from application.ports.doorbell import message_name
from application.ports.job_store import Dispatch
from domain.errors import QueueUnavailable
from infrastructure.queue.queue_names import JOB_FUNCTIONS
from infrastructure.queue.redis_sentinel import connect_by_sentinel, is_sentinel_url

RESULT_TTL_SECONDS = 3600
FAILURE_TTL_SECONDS = 24 * 3600
# RQ's timeout never ends our work (PostgreSQL's deadline does); it only bounds how long RQ lists a job as started.
TIMEOUT_MARGIN_SECONDS = 60


def connect_redis(redis_url: str, *, socket_timeout_seconds: float = 2.0) -> Redis:
    """Return a client whose calls to a dead Redis fail at once: redis-py would retry for 4 s, and the relay retries."""
    options = {
        "socket_timeout": socket_timeout_seconds,
        "socket_connect_timeout": 2.0,
        "retry": Retry(NoBackoff(), 0),
    }
    if is_sentinel_url(redis_url):
        return connect_by_sentinel(redis_url, **options)
    return Redis.from_url(redis_url, **options)


class RqDoorbell:
    """Implements application/ports/doorbell.py."""

    def __init__(self, connection: Redis) -> None:
        self._connection = connection
        self._queues = {name: Queue(name, connection=connection, serializer=JSONSerializer) for name in JOB_FUNCTIONS}

    def ring(self, dispatch: Dispatch, *, timeout_seconds: float) -> None:
        """Enqueue; a duplicate counts as sent."""
        action = dispatch.action
        with redis_errors():
            try:
                self._queues[action.queue].enqueue(
                    JOB_FUNCTIONS[action.queue],
                    str(action.id),
                    action.dispatch_no,
                    job_id=message_name(action.id, action.dispatch_no),
                    unique=True,
                    job_timeout=int(timeout_seconds) + TIMEOUT_MARGIN_SECONDS,
                    result_ttl=RESULT_TTL_SECONDS,
                    failure_ttl=FAILURE_TTL_SECONDS,
                    description=_description(dispatch),
                    meta=_meta(dispatch),
                )
            except DuplicateJobError:
                return

    def waiting(self, queue: str) -> frozenset[str]:
        """Return the ids in RQ's list."""
        with redis_errors():
            return frozenset(self._queues[queue].get_job_ids())


def _description(dispatch: Dispatch) -> str:
    subject = dispatch.filename or dispatch.action.job_id
    return f"{dispatch.action.type} {subject} (attempt {dispatch.action.attempt + 1})"


def _meta(dispatch: Dispatch) -> dict[str, object]:
    return {
        "action": str(dispatch.action.id),
        "job": str(dispatch.action.job_id),
        "document": dispatch.document_id,
        "filename": dispatch.filename,
        "attempt": dispatch.action.attempt + 1,
    }


@contextmanager
def redis_errors() -> Iterator[None]:
    """Raise QueueUnavailable when Redis does not answer."""
    try:
        yield
    except RedisError as error:
        raise QueueUnavailable from error
