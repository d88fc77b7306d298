"""The figures that operators watch: sums, and what is waiting or at work now. Each query reads an index or few rows."""

import logging
import time
from collections.abc import Mapping

from sqlalchemy import Connection, Engine, exc, text

from application.ports.figures import Counted, Figure, Figures
from infrastructure.postgres.errors import database_errors
from infrastructure.postgres.queue_reader import queue_states

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
DOCUMENTS = text("""
    SELECT coalesce(j.status, 'awaiting_upload') AS status, count(*) AS documents
    FROM documents d LEFT JOIN jobs j ON j.id = d.job_id GROUP BY 1
""")
SIZE = text("SELECT pg_database_size(current_database())")
# The one query that reads a row for each document.
DOCUMENTS_EVERY_SECONDS = 60.0


class PostgresFiguresReader:
    """Implements application/ports/figures.py: FiguresReader."""

    def __init__(self, engine: Engine, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._engine = engine
        self._patience = {"milliseconds": str(int(patience_seconds * 1000))}
        self._documents: Mapping[str, int] | None = None
        self._documents_until = 0.0

    def read(self) -> Figures:
        """Read all in one transaction."""
        with database_errors(), self._engine.begin() as connection:
            connection.execute(PATIENCE, self._patience)
            return Figures(
                counted=_sums(connection),
                queues=queue_states(connection),
                documents=self._documents_by_status(connection),
                database_bytes=connection.execute(SIZE).scalar_one(),
            )

    def _documents_by_status(self, connection: Connection) -> Mapping[str, int] | None:
        """Count now and then; None where there are too many to do so in time: that shall cost no other figure."""
        if time.monotonic() >= self._documents_until:
            self._documents_until = time.monotonic() + DOCUMENTS_EVERY_SECONDS
            self._documents = None
            try:
                with connection.begin_nested():
                    self._documents = {row.status: row.documents for row in connection.execute(DOCUMENTS)}
            except exc.OperationalError as error:
                if connection.invalidated:
                    raise
                log.warning("documents are not counted for a minute", exc_info=error)
        return self._documents


def _sums(connection: Connection) -> list[Counted]:
    """Leave out what a newer version counts."""
    rows = connection.execute(SUMS, {"names": [str(figure) for figure in Figure]})
    return [
        Counted(figure=Figure(row.name), labels=row.labels, bound=row.bound, count=row.times, amount=row.amount)
        for row in rows
    ]
