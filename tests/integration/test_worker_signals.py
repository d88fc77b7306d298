"""What the worker does when it is asked to stop."""

import signal

import pytest
import redis
from rq.exceptions import StopRequested
from rq.serializers import JSONSerializer

from infrastructure.queue.heartbeat import Shutdown
from infrastructure.queue.worker import EsteiraWorker


def test_a_second_signal_does_not_break_into_the_end(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as connection:
        worker = EsteiraWorker(["artifacts"], name="w", connection=connection, serializer=JSONSerializer)
        worker.shutdown = Shutdown(1)
        with pytest.raises(StopRequested):
            worker.request_stop(signal.SIGINT, None)
        worker.request_stop(signal.SIGTERM, None)
        assert worker.shutdown.requested
