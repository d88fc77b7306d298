"""Options of `worker.py` and of `esteira worker`."""

import argparse
import sys
from collections.abc import Sequence

from pydantic import ValidationError

from bootstrap.logs import configure_logs
from bootstrap.settings import Settings, explain
from bootstrap.supervising import run_workers
from domain.errors import EsteiraError
from domain.job import DOCUMENT_QUEUE
from infrastructure.lifeline import follow_parent
from infrastructure.pulse import start_pulse
from infrastructure.queue.queue_names import QUEUES


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one worker, or one for each queue; return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        settings = Settings()
        configure_logs("DEBUG" if options.verbose else settings.log_level, settings.log_format)
        follow_parent()
        start_pulse()
        queue = "cleanup_tasks" if options.cleanup else options.queue
        if options.all or options.supervised:
            queues = QUEUES if options.all else (queue,)
            return run_workers(settings, queues=queues, name=options.name, verbose=options.verbose)
        # The supervisor above must stay small, so what a worker needs is imported here.
        from bootstrap.working import run_worker

        return run_worker(settings, queue=queue, name=options.name, burst=options.burst)
    except ValidationError as error:
        print(explain(error), file=sys.stderr)
        return 2
    except EsteiraError as error:
        print(error.for_operators, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="worker.py", description="Runs the work that waits in a queue.")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--queue", choices=QUEUES, default=DOCUMENT_QUEUE, help="the queue to serve (%(default)s)")
    which.add_argument("--all", action="store_true", help="a process for each queue, restarted when it ends")
    which.add_argument("--cleanup", action="store_true", help="the same as --queue cleanup_tasks")
    parser.add_argument(
        "--supervised", action="store_true", help="start it again when it ends or freezes, as --all does"
    )
    parser.add_argument("--name", help="the worker's name; with --all and --supervised it is called NAME-<queue>")
    parser.add_argument("--verbose", action="store_true", help="log every step")
    parser.add_argument("--burst", action="store_true", help="end when the queue is empty")
    return parser
