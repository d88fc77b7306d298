"""Measure what the tables' size costs those who watch and those who wait: 1,000 jobs against 100,000.

Usage: PYTHONPATH=. .venv/bin/python scripts/bench_queue.py [--jobs 1000 100000] [--calls 200].

An embedded stack of its own is filled by SQL, and the API of this tree is asked over HTTP; no worker runs. Each size is
measured in three fillings of the tables:

- `history`: the work at hand is the same, 200 documents that wait and 8 that run, and the rest is over: of 100, 92
  completed, 6 failed, 2 were cancelled, all within the last day.
- `backlog`: everything waits, and none of it was sent, as after a night without Redis.
- `paused`: the same, with the queue paused and 200 operations waiting in another: what the relay has to pass over.

The relay's turn is one `take_unsent` with what is marked as sent rolled back, so that each turn finds the same. It
prints the median of each call in milliseconds and the ratio of the two sizes; the order of the calls is mixed, and the
sizes are two databases side by side, so that a machine that slows down slows both. With --limit it fails above a ratio.
"""

import argparse
import random
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
import uvicorn
from psycopg import sql

from bootstrap.backends import Backends
from bootstrap.duties import wire_relay
from bootstrap.parts import Parts, wire_parts
from bootstrap.serving import make_app
from bootstrap.settings import Settings
from infrastructure.embedded.stack import EmbeddedStack
from infrastructure.postgres.migrate import migrate

FILLINGS = ("history", "backlog", "paused")
WAITING, RUNNING = 200, 8
# Few enough that a transaction's counting does not slow down with its own rows.
BATCH = 1000

FILL = """
WITH numbers AS (SELECT generate_series(%(first)s::int, %(last)s::int) AS n),
described AS (
    SELECT
        n, uuidv7() AS job_id, uuidv7() AS action_id, uuidv7() AS document_id,
        CASE WHEN %(queue)s::text = 'document_processing' THEN 'index' ELSE 'simulate' END AS type,
        CASE
            WHEN %(filling)s::text <> 'history' OR n >= %(jobs)s::int - 200 THEN 'pending'
            WHEN n >= %(jobs)s::int - 208 THEN 'processing'
            WHEN n %% 100 < 92 THEN 'completed'
            WHEN n %% 100 < 98 THEN 'failed'
            ELSE 'cancelled'
        END AS status,
        now() - (interval '20 hours' * (1 - n / %(jobs)s::float)) - interval '1 hour' AS at
    FROM numbers
),
added_documents AS (
    INSERT INTO documents (
        id, tenant_id, filename, content_type, size_bytes, metadata, chunk_tokens, chunk_overlap, job_id, created_at
    )
    SELECT document_id, %(tenant)s::uuid, n || '.pdf', 'application/pdf', 1, '{}', 256, 32, job_id, at FROM described
),
added_jobs AS (
    INSERT INTO jobs (id, tenant_id, document_id, version, status, created_at, started_at, completed_at)
    SELECT
        job_id, %(tenant)s::uuid, document_id, 3, status, at, at,
        CASE WHEN status IN ('completed', 'failed', 'cancelled') THEN at END
    FROM described
),
added_events AS (
    INSERT INTO events (job_id, action_id, version, kind, detail, at)
    SELECT job_id, action_id, 1, kind, '{"attempt": 1, "worker": "w", "error": null, "dispatch_no": 1}', at
    FROM described, unnest(ARRAY['pending', 'processing', status]) AS kind
)
INSERT INTO job_actions (
    id, job_id, type, queue, status, params, error, report, attempt, max_attempts, crashes, dispatch_no, run_lease,
    worker, cancel_requested, due_at, created_at, started_at, completed_at, lease_until, deadline
)
SELECT
    action_id, job_id, type, %(queue)s::text, status, '{}',
    CASE WHEN status = 'failed' THEN '{"code": "corrupt", "message": "It is damaged.", "retryable": false}'::jsonb END,
    jsonb_build_object(
        'stage', null, 'progress', 0, 'message', 'Waiting for a worker', 'pages_done', 0, 'pages_total', null,
        'unreadable', '[]'::jsonb, 'chunks_done', 0, 'chunks_total', null, 'chunks_reused', 0,
        'stages', jsonb_build_array(jsonb_build_array('extracting', at, at)), 'warnings', '[]'::jsonb
    ),
    1, 4, 0, 1, 1, 'w', false, at, at, at,
    CASE WHEN status IN ('completed', 'failed', 'cancelled') THEN at END,
    CASE WHEN status = 'processing' THEN now() + interval '1 day' END,
    CASE WHEN status = 'processing' THEN now() + interval '1 day' END
FROM described
"""
TENANT = "00000000-0000-7000-8000-000000000001"


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A filled database behind an API."""

    parts: Parts
    http: httpx.Client
    documents: Mapping[str, str]
    job_id: str


def main() -> int:
    """Measure and print; return the exit code."""
    options = parse_options()
    worst = 0.0
    folder = tempfile.TemporaryDirectory()
    with folder, EmbeddedStack.own(Path(folder.name) / "data") as stack:
        for filling in FILLINGS:
            with ExitStack() as opened:
                sizes = {n: opened.enter_context(served(stack, Path(folder.name), filling, n)) for n in options.jobs}
                worst = max(worst, compare(filling, sizes, calls=options.calls))
    if options.limit and worst > options.limit:
        print(f"A ratio of {worst:.2f} is above {options.limit}.", file=sys.stderr)
        return 1
    return 0


def parse_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, nargs=2, default=[1000, 100_000], help="the two sizes")
    parser.add_argument("--calls", type=int, default=200, help="of each kind")
    parser.add_argument("--limit", type=float, help="fail above this ratio")
    return parser.parse_args()


@contextmanager
def served(stack: EmbeddedStack, folder: Path, filling: str, jobs: int) -> Iterator[Served]:
    """Fill a database of its own and serve it."""
    assert stack.addresses.database_url  # noqa: S101 - it was asked for
    assert stack.addresses.redis_url  # noqa: S101 - the same
    name = f"{filling}_{jobs}"
    with psycopg.connect(stack.addresses.database_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    url = urlsplit(stack.addresses.database_url)._replace(path=f"/{name}").geturl()
    backends = Backends(database_url=url, redis_url=stack.addresses.redis_url)
    parts = wire_parts(Settings(data_dir=folder / name), backends, public_url="http://localhost", application_name=name)
    migrate(parts.engine)
    fill(url, filling, jobs)
    app = make_app(parts, backends, public_url="http://localhost", relay=wire_relay(parts), with_keys=False)
    with running(app) as address, httpx.Client(base_url=f"{address}/api/v1", timeout=60) as http:
        documents, job_id = choose(url)
        yield Served(parts=parts, http=http, documents=documents, job_id=job_id)
    parts.engine.dispose()


def fill(url: str, filling: str, jobs: int) -> None:
    """Put the jobs in, and let PostgreSQL look at them as its own daemon would."""
    with psycopg.connect(url, autocommit=True) as connection:
        kinds = [("document_processing", filling, jobs)]
        if filling == "paused":
            kinds.append(("long_operations", filling, WAITING))
            connection.execute("UPDATE queues SET paused_at = now() WHERE name = 'document_processing'")
        for queue, how, count in kinds:
            values = {"queue": queue, "filling": how, "jobs": count, "tenant": TENANT}
            for first in range(0, count, BATCH):
                connection.execute(FILL, values | {"first": first, "last": min(first + BATCH, count) - 1})
        connection.execute("VACUUM ANALYZE")


def choose(url: str) -> tuple[Mapping[str, str], str]:
    """Return a document of each state, the first and the last in line of those that wait, and a job."""
    of_state = (
        "SELECT document_id FROM jobs JOIN job_actions a ON a.job_id = jobs.id WHERE a.status = '{}' "
        "AND a.queue = 'document_processing' ORDER BY due_at {} LIMIT 1"
    )
    with psycopg.connect(url) as connection:

        def first(status: str, order: str = "") -> str | None:
            row = connection.execute(of_state.format(status, order)).fetchone()
            return str(row[0]) if row else None

        found = {
            "completed": first("completed"),
            "processing": first("processing"),
            "next in line": first("pending"),
            "last in line": first("pending", "DESC"),
        }
        job = connection.execute("SELECT id FROM jobs ORDER BY id LIMIT 1").fetchone()
    assert job  # noqa: S101 - there are some
    return {name: document_id for name, document_id in found.items() if document_id}, str(job[0])


@contextmanager
def running(app: object) -> Iterator[str]:
    """Serve on a free port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))  # type: ignore[arg-type]
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def calls_of(place: Served) -> Mapping[str, Callable[[], object]]:
    """Return what is measured, by name."""

    def get(path: str) -> Callable[[], object]:
        return lambda: place.http.get(path).read()

    def relay() -> None:
        with place.parts.transactions() as transaction:
            taken = transaction.jobs.take_unsent(25, types=("index", "simulate"))
            transaction.jobs.mark_sent([dispatch.action.id for dispatch in taken])

    statuses = {f"status, {name}": get(f"/documents/{key}/status") for name, key in place.documents.items()}
    return {
        "queue/info": get("/queue/info"),
        "queue/health": get("/queue/health"),
        **statuses,
        "relay's turn": relay,
        "queue/jobs": get("/queue/jobs"),
        "queue/jobs?status=failed": get("/queue/jobs?status=failed"),
        "queue/jobs?queue=artifacts": get("/queue/jobs?queue=artifacts"),
        "queue/jobs/{id}": get(f"/queue/jobs/{place.job_id}"),
        "dead-letters": get("/queue/dead-letters"),
    }


def compare(filling: str, sizes: Mapping[int, Served], *, calls: int) -> float:
    """Print the medians side by side; return the greatest ratio."""
    small, large = sizes
    todo = {size: calls_of(place) for size, place in sizes.items()}
    names = [name for name in todo[small] if name in todo[large]]
    took: dict[tuple[int, str], list[float]] = {(size, name): [] for size in sizes for name in names}
    rounds = [(size, name) for size in sizes for name in names]
    for _ in range(calls):
        random.shuffle(rounds)
        for size, name in rounds:
            started = time.perf_counter()
            todo[size][name]()
            took[size, name].append((time.perf_counter() - started) * 1000)
    print(f"\n{filling:<28} {small:>10,} jobs {large:>10,} jobs   ratio")
    worst = 0.0
    for name in names:
        less, more = (statistics.median(took[size, name]) for size in (small, large))
        worst = max(worst, more / less)
        print(f"{name:<28} {less:>12.2f} ms {more:>12.2f} ms   {more / less:>5.2f}", flush=True)
    return worst


if __name__ == "__main__":
    sys.exit(main())
