"""The worker process: one queue, one warm model."""

import contextlib
import logging
import os
import socket
from datetime import timedelta
from functools import partial

from rq.serializers import JSONSerializer

from application.ports.worker_registry import WorkerProcess
from application.run_action import RunAction
from bootstrap.backends import Backends, find_backends
from bootstrap.cleaning import wire_schedule
from bootstrap.duties import wire_presence, wire_recovery, wire_relay
from bootstrap.parts import Parts, wire_parts
from bootstrap.settings import Settings
from domain.errors import DatabaseUnavailable
from domain.job import DOCUMENT_QUEUE
from infrastructure.postgres.engine import make_engine
from infrastructure.postgres.job_trace import traceparent_of
from infrastructure.postgres.migrate import require_schema
from infrastructure.postgres.run_ledger import PostgresRunLedger
from infrastructure.queue import jobs
from infrastructure.queue.duties import Duties
from infrastructure.queue.heartbeat import Shutdown, ThreadHeartbeat
from infrastructure.queue.redis_queue import connect_redis
from infrastructure.queue.worker import EsteiraWorker
from infrastructure.telemetry.run_lines import RunLines

log = logging.getLogger(__name__)

# RQ pops for 15 s less than this at a time, and looks between two pops if it should stop.
WORKER_TTL_SECONDS = 17


def run_worker(settings: Settings, *, queue: str, name: str | None, burst: bool) -> int:
    """Serve one queue until SIGTERM, or until it is empty with `burst`. Raises StackNotRunning."""
    worker_name = name or f"{queue}-{socket.gethostname()}-{os.getpid()}"
    backends = find_backends(settings)
    parts = wire_parts(settings, backends, public_url=settings.public_url or "", application_name=worker_name)
    require_schema(parts.engine)
    if queue == DOCUMENT_QUEUE:
        parts.models.warm_up()
    return serve_queue(parts, backends, queue=queue, worker_name=worker_name, burst=burst)


def serve_queue(parts: Parts, backends: Backends, *, queue: str, worker_name: str, burst: bool) -> int:
    """Serve one queue with what is wired."""
    shutdown = Shutdown(parts.settings.grace_seconds)
    jobs.bind(wire_runner(parts, backends, worker_name=worker_name, shutdown=shutdown))
    # Popping blocks for longer than any other call may take.
    connection = connect_redis(backends.redis_url, socket_timeout_seconds=WORKER_TTL_SECONDS)
    worker = EsteiraWorker(
        [queue],
        name=worker_name,
        connection=connection,
        serializer=JSONSerializer,
        worker_ttl=WORKER_TTL_SECONDS,
    )
    worker.shutdown = shutdown
    log.info("worker is ready", extra={"worker": worker_name, "queue": queue})
    process = WorkerProcess(name=worker_name, queue=queue, host=socket.gethostname(), pid=os.getpid())
    presence, sign_off = wire_presence(parts, process)
    relay = wire_relay(parts)
    schedule = wire_schedule(parts.settings, parts.transactions, wake_relay=relay.wake)
    with Duties([relay, *wire_recovery(parts), presence, *schedule]):
        worker.work(burst=burst, logging_level="WARNING")
    with contextlib.suppress(DatabaseUnavailable):
        sign_off()
    return 0


def wire_runner(parts: Parts, backends: Backends, *, worker_name: str, shutdown: Shutdown) -> RunAction:
    """Return what a worker does with a message."""
    settings = parts.settings
    lease = timedelta(seconds=settings.lease_seconds)
    # A connection of its own: a beat must not wait behind the work's statements.
    ledger = PostgresRunLedger(make_engine(backends.database_url, application_name=f"{worker_name} beat", pool_size=1))
    heartbeat = ThreadHeartbeat(
        ledger=ledger,
        shutdown=shutdown,
        beat_seconds=settings.beat_seconds,
        lease=lease,
        hang_seconds=settings.hang_seconds,
    )
    return RunAction(
        transactions=parts.transactions,
        heartbeat=heartbeat,
        action_types=parts.action_types,
        worker_name=worker_name,
        lease=lease,
        watch=parts.traces.runs(RunLines(), partial(traceparent_of, parts.engine)),
    )
