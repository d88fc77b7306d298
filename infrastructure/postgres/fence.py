"""Transactions that write for a run, as long as that owns its action."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text

from domain.action import Run
from domain.errors import LeaseLost
from infrastructure.postgres.errors import database_errors

# The transaction bears the run's name, so that `break_off` finds the connection of a worker that stands still in it. It
# is named before the look at the action: a run that ends after that look is sure to be found.
NAME = text("SELECT set_config('application_name', :name, true)")
FENCE = text("SELECT FROM job_actions WHERE id = :action AND status = 'processing' AND run_lease = :lease")
# Waits until they are gone: one in the middle of its commit would leave rows behind the eyes of who clears up.
BREAK_OFF = text("""
    SELECT count(*) FILTER (WHERE pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE application_name = :name
""")


@contextmanager
def fenced(engine: Engine, run: Run) -> Iterator[Connection]:
    """Open a transaction if `run` owns its action, else raise LeaseLost.

    No lock is taken: a worker stopped in a COPY must hold none. Rows of a run that loses its action after this look are
    never published.
    """
    with database_errors(), engine.begin() as connection:
        connection.execute(NAME, {"name": name_of(run)})
        require_owner(connection, run)
        yield connection


def require_owner(connection: Connection, run: Run) -> None:
    """Raise LeaseLost unless `run` owns its action."""
    if connection.execute(FENCE, {"action": run.action_id, "lease": run.run_lease}).one_or_none() is None:
        raise LeaseLost


def end_connections(engine: Engine, run: Run) -> int:
    """End the connections that write for the run, and with them their transactions; return how many."""
    with database_errors(), engine.begin() as connection:
        return int(connection.execute(BREAK_OFF, {"name": name_of(run)}).scalar_one())


def name_of(run: Run) -> str:
    """Return the name of the connections that write for a run."""
    return f"run {run.id}"
