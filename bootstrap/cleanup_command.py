"""Options of `scripts/cleanup_scheduler.py`: starts a cleanup for cron, and waits for its receipt."""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from functools import partial

from pydantic import ValidationError

from application.ports.task_reader import TaskReader, TaskState
from bootstrap.backends import find_backends
from bootstrap.cleaning import wire_start
from bootstrap.logs import configure_logs
from bootstrap.settings import Settings, explain
from domain.action import ActionStatus
from domain.cleanup import CLEANUP, CleanupTask, Orders, params_of
from domain.errors import EsteiraError
from domain.ids import JobId
from infrastructure.postgres.engine import make_engine
from infrastructure.postgres.migrate import require_schema
from infrastructure.postgres.task_reader import PostgresTaskReader
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork

POLL_SECONDS = 0.5


class NobodyTookIt(EsteiraError):
    """No cleanup worker took the task in time. Start one with `python worker.py --cleanup`; the task waits for it."""

    code = "no_worker"


def main(arguments: Sequence[str] | None = None) -> int:
    """Start the task, print one line of JSON; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        settings = Settings()
        configure_logs("WARNING")
        state = _run(settings, options)
    except ValidationError as error:
        print(explain(error), file=sys.stderr)
        return 2
    except EsteiraError as error:
        print(error.for_operators, file=sys.stderr)
        return 1
    failure = state.action.error
    told = {"job_id": str(state.job.id), "status": state.job.status, **(state.action.result or {})}
    print(json.dumps(told), flush=True)
    if failure:
        print(failure.message, file=sys.stderr)
    return 0 if state.job.status is ActionStatus.COMPLETED else 1


def _run(settings: Settings, options: argparse.Namespace) -> TaskState:
    # Redis is the workers' matter: their relay sends what waits in the database.
    database_url = settings.database_url or find_backends(settings).database_url
    engine = make_engine(database_url, application_name="esteira-cleanup-scheduler", pool_size=1)
    require_schema(engine)
    start = wire_start(settings, partial(PostgresUnitOfWork, engine), action_type=CLEANUP, wake_relay=lambda: None)
    job = start(params_of(CleanupTask(options.task), Orders(dry_run=options.dry_run))).job
    try:
        return _followed(PostgresTaskReader(engine), job.id, patience_seconds=options.wait)
    finally:
        engine.dispose()


def _followed(tasks: TaskReader, job_id: JobId, *, patience_seconds: float) -> TaskState:
    """Return the task as it ended. Raises NobodyTookIt where it waits that long while no worker lives."""
    alone_since = time.monotonic()
    while True:
        state = tasks.get(job_id, action_type=CLEANUP)
        if state.job.is_final:
            return state
        if state.workers or state.job.status is not ActionStatus.PENDING:
            alone_since = time.monotonic()
        elif time.monotonic() - alone_since >= patience_seconds:
            raise NobodyTookIt
        time.sleep(POLL_SECONDS)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cleanup_scheduler.py", description="Starts a cleanup by the database alone, and waits for its receipt."
    )
    parser.add_argument("task", choices=[task.value for task in CleanupTask], help="what to clean up")
    parser.add_argument("--dry-run", action="store_true", help="only tell what would be removed")
    parser.add_argument(
        "--wait", type=float, default=60.0, metavar="SECONDS", help="for a cleanup worker to be there (%(default)s)"
    )
    return parser
