"""The worker process: one queue, one warm model."""

import logging
import os
import secrets
import socket

from rq.serializers import JSONSerializer

from bootstrap.backends import find_backends
from bootstrap.settings import Settings
from bootstrap.wiring import wire_parts, wire_recovery, wire_relay, wire_runner
from domain.job import DOCUMENT_QUEUE
from infrastructure.lifeline import follow_parent
from infrastructure.postgres.migrate import require_schema
from infrastructure.queue import jobs
from infrastructure.queue.duties import Duties
from infrastructure.queue.heartbeat import Shutdown
from infrastructure.queue.redis_queue import connect_redis
from infrastructure.queue.worker import EsteiraWorker

log = logging.getLogger(__name__)

# How long RQ believes that an idle worker lives; it pops for 15 s less than this at a time.
WORKER_TTL_SECONDS = 60


def name_for_rq(worker_name: str) -> str:
    """Return a name that no process had before: RQ refuses that of a killed worker until a minute has passed."""
    return f"{worker_name}.{secrets.token_hex(4)}"


def run_worker(settings: Settings, *, queue: str, name: str | None, burst: bool) -> int:
    """Serve one queue until SIGTERM, or until it is empty with `burst`. Raises StackNotRunning."""
    follow_parent()
    worker_name = name or f"{queue}-{socket.gethostname()}-{os.getpid()}"
    backends = find_backends(settings)
    shutdown = Shutdown(settings.grace_seconds)
    parts = wire_parts(settings, backends, public_url=settings.public_url or "", application_name=worker_name)
    require_schema(parts.engine)
    if queue == DOCUMENT_QUEUE:
        parts.embedder.warm_up()
    jobs.bind(wire_runner(parts, backends, worker_name=worker_name, shutdown=shutdown))
    # Popping blocks for longer than any other call may take.
    connection = connect_redis(backends.redis_url, socket_timeout_seconds=WORKER_TTL_SECONDS)
    worker = EsteiraWorker(
        [queue],
        name=name_for_rq(worker_name),
        connection=connection,
        serializer=JSONSerializer,
        worker_ttl=WORKER_TTL_SECONDS,
    )
    worker.shutdown = shutdown
    log.info("worker is ready", extra={"worker": worker_name, "queue": queue})
    with Duties([wire_relay(parts), *wire_recovery(parts)]):
        worker.work(burst=burst, logging_level="WARNING")
    return 0
