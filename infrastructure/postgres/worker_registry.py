"""Which worker processes live."""

from dataclasses import asdict
from datetime import timedelta

from sqlalchemy import ColumnElement, Engine, case, delete, func
from sqlalchemy.dialects.postgresql import insert

from application.ports.worker_registry import LIVE_SECONDS, WorkerProcess
from infrastructure.postgres.errors import database_errors
from infrastructure.postgres.tables import workers

# What a killed worker left is of interest to nobody after this.
FORGOTTEN = timedelta(hours=1)


class PostgresWorkerRegistry:
    """Implements application/ports/worker_registry.py. Safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def seen(self, worker: WorkerProcess) -> None:
        """Note the time, and forget those that were killed long ago."""
        values = asdict(worker) | {"seen_at": func.clock_timestamp()}
        is_same = (workers.c.host == worker.host) & (workers.c.pid == worker.pid)
        started = {"started_at": case((is_same, workers.c.started_at), else_=func.clock_timestamp())}
        note = insert(workers).values(values)
        note = note.on_conflict_do_update(index_elements=["name"], set_=values | started)
        with database_errors(), self._engine.begin() as connection:
            connection.execute(note)
            connection.execute(delete(workers).where(workers.c.seen_at < func.clock_timestamp() - FORGOTTEN))

    def gone(self, worker: WorkerProcess) -> None:
        """Forget it."""
        same = (workers.c.name == worker.name, workers.c.host == worker.host, workers.c.pid == worker.pid)
        with database_errors(), self._engine.begin() as connection:
            connection.execute(delete(workers).where(*same))


def lives() -> ColumnElement[bool]:
    """Tell of a row of `workers` if that process was seen lately."""
    return workers.c.seen_at > func.clock_timestamp() - timedelta(seconds=LIVE_SECONDS)
