"""The figures that operators watch: sums, and what is waiting or at work now. Each query reads an index or few rows."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Connection, Engine, exc, text

from application.ports.figures import Counted, Figure, Figures, QueueFigures
from application.ports.worker_registry import LIVE_SECONDS
from infrastructure.postgres.errors import database_errors

log = logging.getLogger(__name__)

# Prometheus gives a scrape up after 10 s: better none than one that comes too late and costs as much.
PATIENCE_SECONDS = 5.0
PATIENCE = text("SELECT set_config('statement_timeout', :milliseconds, true)")
SUMS = text("""
    SELECT name, labels, bound, sum(count)::bigint AS times, sum(amount) AS amount
    FROM (SELECT name, labels, bound, count, amount FROM counters
          UNION ALL SELECT name, labels, bound, count, amount FROM counter_increments) AS both_tables
    WHERE name = ANY(:names) GROUP BY name, labels, bound ORDER BY name, labels, bound
""")
WAITING = text("""
    SELECT queue, count(*) FILTER (WHERE due_at <= clock_timestamp()) AS pending,
        count(*) FILTER (WHERE due_at > clock_timestamp()) AS scheduled,
        greatest(0, extract(epoch FROM clock_timestamp() - min(due_at)))::float AS oldest_pending_seconds
    FROM job_actions WHERE status = 'pending' GROUP BY queue
""")
PROCESSING = text("SELECT queue, count(*) AS processing FROM job_actions WHERE status = 'processing' GROUP BY queue")
FAILED = text("SELECT queue, count(*) AS failed FROM job_actions WHERE status = 'failed' GROUP BY queue")
WORKERS = text("""
    SELECT queue, count(*) AS workers FROM workers WHERE seen_at > clock_timestamp() - CAST(:live AS interval)
    GROUP BY queue
""")
DOCUMENTS = text("""
    SELECT coalesce(j.status, 'awaiting_upload') AS status, count(*) AS documents
    FROM documents d LEFT JOIN jobs j ON j.id = d.job_id GROUP BY 1
""")
SIZE = text("SELECT pg_database_size(current_database())")
# The one query that reads a row for each document.
DOCUMENTS_EVERY_SECONDS = 60.0


class PostgresFiguresReader:
    """Implements application/ports/figures.py: FiguresReader. `queues` are shown also when nothing is in them."""

    def __init__(self, engine: Engine, *, queues: Sequence[str], patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._engine = engine
        self._queues = queues
        self._patience = {"milliseconds": str(int(patience_seconds * 1000))}
        self._documents: Mapping[str, int] | None = None
        self._documents_until = 0.0

    def read(self) -> Figures:
        """Read all in one transaction."""
        with database_errors(), self._engine.begin() as connection:
            connection.execute(PATIENCE, self._patience)
            return Figures(
                counted=_sums(connection),
                queues=self._queue_figures(connection),
                documents=self._documents_by_status(connection),
                database_bytes=connection.execute(SIZE).scalar_one(),
            )

    def _queue_figures(self, connection: Connection) -> Mapping[str, QueueFigures]:
        found = dict.fromkeys(self._queues, QueueFigures())
        live = {"live": timedelta(seconds=LIVE_SECONDS)}
        for query in (WAITING, PROCESSING, FAILED, WORKERS):
            for row in connection.execute(query, live if query is WORKERS else {}):
                values = {name: value for name, value in row._mapping.items() if name != "queue"}  # noqa: SLF001 - public
                found[row.queue] = replace(found.get(row.queue, QueueFigures()), **values)
        return found

    def _documents_by_status(self, connection: Connection) -> Mapping[str, int] | None:
        """Count now and then; None where there are too many to do so in time: that shall cost no other figure."""
        if time.monotonic() >= self._documents_until:
            self._documents_until = time.monotonic() + DOCUMENTS_EVERY_SECONDS
            self._documents = None
            try:
                with connection.begin_nested():
                    self._documents = {row.status: row.documents for row in connection.execute(DOCUMENTS)}
            except exc.OperationalError as error:
                log.warning("documents are not counted for a minute", exc_info=error)
        return self._documents


def _sums(connection: Connection) -> list[Counted]:
    """Leave out what a newer version counts."""
    rows = connection.execute(SUMS, {"names": [str(figure) for figure in Figure]})
    return [
        Counted(figure=Figure(row.name), labels=row.labels, bound=row.bound, count=row.times, amount=row.amount)
        for row in rows
    ]
