"""Our RQ worker: no fork, no alarm signals, and it outlives Redis."""

import logging
import signal
import socket
import time
from types import FrameType

import redis.exceptions
from redis import Redis
from redis.client import Pipeline
from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested
from rq.job import Job
from rq.timeouts import BaseDeathPenalty

from infrastructure.queue.heartbeat import Shutdown
from infrastructure.queue.queue_names import JOB_FUNCTIONS

log = logging.getLogger(__name__)

REDIS_PAUSE_SECONDS = 1.0


class NoDeathPenalty(BaseDeathPenalty):
    """No alarm: a signal could land in the middle of the finish transaction. Deadlines are PostgreSQL's."""

    def setup_death_penalty(self) -> None:
        """Set no alarm."""

    def cancel_death_penalty(self) -> None:
        """Cancel no alarm."""


class EsteiraWorker(SimpleWorker):
    """Serves one queue: only then RQ keeps a popped message in a list of its own until the job is registered.

    What RQ writes to Redis around a job is bookkeeping for its own tools, so a Redis that is away at that moment is
    no reason to stop: the next pop waits until it is back.
    """

    death_penalty_class = NoDeathPenalty
    max_connection_wait_time = 2.0

    shutdown: Shutdown
    _has_job = False

    def _set_ip_address(self, _connection: Redis) -> None:
        """Name the host instead of asking Redis: redis-py cannot read the answer when a socket's path has a space."""
        self.ip_address = socket.gethostname()

    def register_birth(self) -> None:
        """Take the name of a process that died, which RQ refuses for two minutes; wait for a Redis that is away."""
        while True:
            try:
                self.connection.delete(self.key)
                super().register_birth()
            except redis.exceptions.RedisError as error:
                log.warning("Redis does not answer, the worker waits for it: %s", error)
                time.sleep(REDIS_PAUSE_SECONDS)
            else:
                return

    def reorder_queues(self, reference_queue: Queue) -> None:
        """RQ calls this right after it popped a job: from here to its end the job must not be dropped."""
        self._has_job = True
        super().reorder_queues(reference_queue)

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Run a job in this process."""
        try:
            super().execute_job(job, queue)
        except redis.exceptions.RedisError as error:
            log.warning("Redis was away when a job ended: %s", error)
        finally:
            self._has_job = False

    def _install_signal_handlers(self) -> None:
        signal.signal(signal.SIGINT, self.request_stop)
        signal.signal(signal.SIGTERM, self.request_stop)

    def request_stop(self, _signum: int, _frame: FrameType | None) -> None:
        """Stop claiming; running work gets its grace period. Talks to nobody and raises nothing in a signal handler."""
        if self._stop_requested:
            return  # Ctrl-C comes twice, from the terminal and from the supervisor: the grace period is not begun anew
        self.shutdown.request()
        self._stop_requested = True

    def set_state(self, state: str, pipeline: Pipeline | None = None) -> None:
        """Tell RQ's tools the state, if Redis listens."""
        try:
            super().set_state(state, pipeline)
        except redis.exceptions.RedisError as error:
            log.debug("state not told: %s", error)

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Tell RQ's tools that this worker lives, if Redis listens. Called before each pop: the place to stop."""
        if self._stop_requested and not self._has_job:
            raise StopRequested
        try:
            super().heartbeat(timeout, pipeline)
        except redis.exceptions.RedisError as error:
            log.debug("beat not told: %s", error)

    def check_for_suspension(self, burst: bool) -> None:
        """Wait while `rq suspend` holds; without Redis there is nothing to ask, and nothing to pop either."""
        try:
            super().check_for_suspension(burst)
        except redis.exceptions.RedisError as error:
            log.debug("suspension not asked: %s", error)

    def run_maintenance_tasks(self) -> None:
        """Clean RQ's registries, if Redis listens and they can be read."""
        try:
            super().run_maintenance_tasks()
        except redis.exceptions.RedisError as error:
            log.debug("registries not cleaned: %s", error)
        except Exception:
            # What a stranger wrote there must not end every worker at its start.
            log.exception("registries not cleaned")

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> tuple[Job, Queue] | None:
        """Pop the next message that can be read. One that cannot is left aside: PostgreSQL has all that is ours."""
        while True:
            # What could not be read, or was popped as Redis went away, is nothing that a stop would have to wait for.
            self._has_job = False
            try:
                found = super().dequeue_job_and_maintain_ttl(timeout, max_idle_time)
                if found is None or found[0].func_name == JOB_FUNCTIONS[found[1].name]:
                    return found
                # RQ would import and call whatever a message names.
                log.error("a message that calls %s is dropped", found[0].func_name)
                found[0].delete()
                continue
            except StopRequested:
                raise
            except redis.exceptions.RedisError as error:
                # Read-only, out of memory, a key of another type: what lasts is no reason to end again and again.
                log.warning("Redis gives no message: %s", error)
            except Exception:
                log.exception("a message cannot be read")
            time.sleep(REDIS_PAUSE_SECONDS)

    def teardown(self) -> None:
        """Sign off, if Redis listens."""
        try:
            super().teardown()
        except redis.exceptions.RedisError as error:
            log.debug("not signed off: %s", error)
