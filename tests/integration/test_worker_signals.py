"""What the worker does when it is asked to stop."""

import signal

import pytest
import redis
from rq.exceptions import StopRequested
from rq.serializers import JSONSerializer

from infrastructure.queue.heartbeat import Shutdown
from infrastructure.queue.worker import EsteiraWorker


def test_a_second_signal_changes_nothing_and_the_worker_stops_before_the_next_pop(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as connection:
        worker = EsteiraWorker(["artifacts"], name="w", connection=connection, serializer=JSONSerializer)
        worker.shutdown = Shutdown(grace_seconds=0)
        worker.request_stop(signal.SIGINT, None)
        worker.request_stop(signal.SIGTERM, None)
        assert worker.shutdown.is_over
        with pytest.raises(StopRequested):
            worker.heartbeat()


def test_a_job_that_was_popped_is_not_dropped(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as connection:
        worker = EsteiraWorker(["artifacts"], name="w", connection=connection, serializer=JSONSerializer)
        worker.shutdown = Shutdown(grace_seconds=60)
        worker.request_stop(signal.SIGTERM, None)
        worker.reorder_queues(worker.queues[0])
        worker.heartbeat()
