"""Measures how many actions without any work are claimed and finished a second, by worker processes at once.

What is left is PostgreSQL's part of a run, with all that is counted on the way. `--count N --workers N --rounds N`.
"""

import argparse
import multiprocessing
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from application.ports.run_context import RunContext
from application.run_action import ActionType, Outcome, RunAction
from domain.action import Action
from domain.ids import DEFAULT_TENANT, ActionId, DocumentId, new_uuid7
from domain.job import DOCUMENT_QUEUE, INDEX, new_index_job
from domain.report import Report
from domain.retry_policy import RetryPolicy
from infrastructure.embedded.stack import EmbeddedStack
from infrastructure.postgres.engine import make_engine
from infrastructure.postgres.migrate import migrate
from infrastructure.postgres.run_ledger import PostgresRunLedger
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from infrastructure.queue.heartbeat import Shutdown, ThreadHeartbeat

LEASE = timedelta(seconds=30)


class NoWork:
    """An action type that does nothing."""

    def __call__(self, _action: Action, _context: RunContext) -> Outcome:
        """End at once."""
        return Outcome(result={}, report=Report(pages_done=3, chunks_done=9, chunks_reused=1))

    def clean_up(self, action: Action) -> None:
        """Leave nothing."""


def add_actions(database_url: str, count: int) -> list[ActionId]:
    """Store jobs of one action, due now."""
    with PostgresUnitOfWork(make_engine(database_url, application_name="bench", pool_size=0)) as transaction:
        now = datetime.now(UTC)
        jobs = [
            new_index_job(
                document_id=DocumentId(new_uuid7()), tenant_id=DEFAULT_TENANT, etag="e", max_attempts=4, now=now
            )
            for _ in range(count)
        ]
        transaction.jobs.add(*jobs)
        transaction.commit()
    return [job.actions[0].id for job in jobs]


def work(database_url: str, action_ids: Sequence[ActionId]) -> None:
    """Run actions one after the other, as a worker process does."""
    engine = make_engine(database_url, application_name="bench")
    kind = ActionType(
        name=INDEX, queue=DOCUMENT_QUEUE, timeout=timedelta(minutes=5), retry=RetryPolicy(), handler=NoWork()
    )
    heartbeat = ThreadHeartbeat(
        ledger=PostgresRunLedger(engine), shutdown=Shutdown(20), beat_seconds=5, lease=LEASE, hang_seconds=20
    )
    run = RunAction(
        transactions=partial(PostgresUnitOfWork, engine),
        heartbeat=heartbeat,
        action_types={INDEX: kind},
        worker_name="bench",
        lease=LEASE,
    )
    for action_id in action_ids:
        run(action_id, 1)


def main(count: int, workers: int, rounds: int) -> None:
    """Print a line a round."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedStack.own(Path(folder), want_redis=False) as stack:
        url = str(stack.addresses.database_url)
        migrate(make_engine(url, application_name="bench", pool_size=0))
        context = multiprocessing.get_context("spawn")
        with context.Pool(workers) as pool:
            pool.starmap(work, [(url, add_actions(url, 5)) for _ in range(workers)])  # warm
            for _ in range(rounds):
                shares = [add_actions(url, count // workers) for _ in range(workers)]
                began_at = time.monotonic()
                pool.starmap(work, [(url, share) for share in shares], chunksize=1)
                seconds = time.monotonic() - began_at
                print(f"{workers} workers: {count / seconds:.0f} actions a second ({count} in {seconds:.1f} s)")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1600)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    main(options.count, options.workers, options.rounds)
