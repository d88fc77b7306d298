"""Measures what counting costs: actions without work a second, with and without it; and the figures for Prometheus.

Rounds with and without counting take turns in the same worker processes, as a machine's speed drifts. What is left of
an action without work is PostgreSQL's part of a run. `--count N --workers N --rounds N --rows N`.
"""

import argparse
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing.pool import Pool
from pathlib import Path

from sqlalchemy import text

from application.ports.run_context import RunContext
from application.run_action import ActionType, Outcome, RunAction
from domain.action import Action
from domain.ids import DEFAULT_TENANT, ActionId, DocumentId, new_uuid7
from domain.job import DOCUMENT_QUEUE, INDEX, new_index_job
from domain.report import Report
from domain.retry_policy import RetryPolicy
from infrastructure.embedded.stack import EmbeddedStack
from infrastructure.postgres import job_store
from infrastructure.postgres.counters import PostgresCounterFold, append
from infrastructure.postgres.engine import make_engine
from infrastructure.postgres.figures_reader import PostgresFiguresReader
from infrastructure.postgres.migrate import migrate
from infrastructure.postgres.run_ledger import PostgresRunLedger
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from infrastructure.queue.heartbeat import Shutdown, ThreadHeartbeat

LEASE = timedelta(seconds=30)
FILL = text("""
    WITH made AS (
        SELECT gen_random_uuid() AS job, gen_random_uuid() AS document, n,
            CASE WHEN n % 100 < 2 THEN 'failed' WHEN n % 100 = 2 THEN 'pending' ELSE 'completed' END AS status
        FROM generate_series(1, :rows) AS n
    ), documents AS (
        INSERT INTO documents (id, tenant_id, filename, content_type, size_bytes, metadata, chunk_tokens, chunk_overlap,
            job_id, created_at)
        SELECT document, (SELECT id FROM tenants LIMIT 1), 'a.pdf', 'application/pdf', 1, '{}', 256, 32, job, now()
        FROM made
    ), jobs AS (
        INSERT INTO jobs (id, tenant_id, document_id, version, status, created_at)
        SELECT job, (SELECT id FROM tenants LIMIT 1), document, 3, status, now() FROM made
    )
    INSERT INTO job_actions (id, job_id, type, queue, status, params, report, attempt, max_attempts, crashes,
        dispatch_no, run_lease, cancel_requested, due_at, created_at, completed_at)
    SELECT gen_random_uuid(), job, 'index', 'document_processing', status, '{}',
        jsonb_build_object('stages', '[]'::jsonb, 'message', repeat('x', 300)), 1, 4, 0, 1, 1, false,
        now() - n * interval '1 second', now(), CASE WHEN status <> 'pending' THEN now() END
    FROM made
""")


class NoWork:
    """An action type that does nothing."""

    def __call__(self, action: Action, context: RunContext) -> Outcome:  # noqa: ARG002
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


def work(database_url: str, action_ids: Sequence[ActionId], *, counted: bool) -> None:
    """Run actions one after the other, as a worker process does."""
    job_store.append = append if counted else lambda *_: None  # type: ignore[attr-defined]
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


def main(count: int, workers: int, rounds: int, rows: int) -> None:
    """Print a line a round, the medians, and how long a scrape takes."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedStack.own(Path(folder), want_redis=False) as stack:
        url = str(stack.addresses.database_url)
        migrate(make_engine(url, application_name="bench", pool_size=0))
        context = multiprocessing.get_context("spawn")
        with context.Pool(workers) as pool:
            measure_runs(pool, url, count=count, workers=workers, rounds=rounds)
        for size in (1000, rows):
            measure_scrape(url, size)


def measure_runs(pool: Pool, url: str, *, count: int, workers: int, rounds: int) -> None:
    """Print actions a second."""
    speeds: dict[bool, list[float]] = {True: [], False: []}
    for number in range(2 * rounds + 2):
        counted = number % 2 == 0
        shares = [add_actions(url, count // workers) for _ in range(workers)]
        began_at = time.monotonic()
        for ended in [pool.apply_async(work, (url, share), {"counted": counted}) for share in shares]:
            ended.get()
        seconds = time.monotonic() - began_at
        if number > 1:  # the first two warm up
            speeds[counted].append(count / seconds)
            print(f"{workers} workers, {'with' if counted else 'without'} counting: {count / seconds:.0f} actions/s")
    with_it, without = (statistics.median(speeds[counted]) for counted in (True, False))
    print(f"median with {with_it:.0f}, without {without:.0f} actions/s: {with_it / without:.2f}")


def measure_scrape(url: str, rows: int) -> None:
    """Print how long the figures take to read among so many ended jobs and documents, 2 % failed, 1 % waiting."""
    engine = make_engine(url, application_name="bench")
    with engine.begin() as connection:
        connection.execute(FILL, {"rows": rows})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    PostgresCounterFold(engine).fold()
    first: list[float] = []
    later: list[float] = []
    for _ in range(11):
        reader = PostgresFiguresReader(engine)
        for times in (first, later):
            began_at = time.monotonic()
            reader.read()
            times.append((time.monotonic() - began_at) * 1000)
    print(
        f"{rows} more jobs: a scrape takes {statistics.median(later):.0f} ms, "
        f"{statistics.median(first):.0f} ms when documents are counted, once a minute"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=100_000)
    options = parser.parse_args()
    main(options.count, options.workers, options.rounds, options.rows)
