"""Measures event streams: what many that are open cost one API process, and how soon each tells of a change.

First all follow one job, which changes again and again; then each follows a job of its own, and all of those change.
`--streams N --changes N`.
"""

import argparse
import asyncio
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from domain.ids import JobId
from domain.job import PlannedAction, new_job
from infrastructure.embedded.stack import EmbeddedStack
from infrastructure.postgres.engine import make_engine
from infrastructure.postgres.migrate import migrate
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork

ROOT = Path(__file__).resolve().parents[1]
MEBIBYTE = 1 << 20
SETTLE_SECONDS = 10
PAUSE_SECONDS = 0.3
# No worker is started: nothing but this program changes them.
ACTION = PlannedAction(type="simulate", queue="long_operations", params={"duration_seconds": 300}, max_attempts=1)


class Jobs:
    """Jobs in the database, changed as workers do."""

    def __init__(self, database_url: str) -> None:
        self._engine = make_engine(database_url, application_name="bench")
        migrate(self._engine)

    def add(self, count: int) -> list[JobId]:
        """Store jobs of one action."""
        with PostgresUnitOfWork(self._engine) as transaction:
            jobs = [new_job([ACTION], now=transaction.now()) for _ in range(count)]
            transaction.jobs.add(*jobs)
            transaction.commit()
        return [job.id for job in jobs]

    def change(self, job_id: JobId) -> float:
        """Raise the job's version; return when it was about to be committed."""
        with PostgresUnitOfWork(self._engine) as transaction:
            job = transaction.jobs.lock(job_id)
            transaction.jobs.save(job.change(job.actions[0].id, lambda action: action))
            began_at = time.monotonic()
            transaction.commit()
        return began_at


class Streams:
    """Open streams, and when each of them last told something."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._told_at: list[float] = []
        self._told = asyncio.Event()
        self._reading: list[asyncio.Task[None]] = []

    async def open(self, job_ids: Sequence[JobId]) -> None:
        """Open one for each, and wait until all have told their first state."""
        self._told_at = [0.0] * len(job_ids)
        self._reading = [asyncio.create_task(self._read(number, job_id)) for number, job_id in enumerate(job_ids)]
        await self._all_after(0.0)

    async def latencies(self, began_at: Sequence[float]) -> list[float]:
        """Wait until each told something after its time; return the seconds between."""
        while any(told <= began for told, began in zip(self._told_at, began_at, strict=True)):
            self._told.clear()
            await self._told.wait()
            await asyncio.sleep(PAUSE_SECONDS / 10)  # looking takes time from those who are looked at
        return [told - began for told, began in zip(self._told_at, began_at, strict=True)]

    async def close(self) -> None:
        """Go away."""
        for reading in self._reading:
            reading.cancel()
        await asyncio.gather(*self._reading, return_exceptions=True)

    async def _all_after(self, moment: float) -> None:
        await self.latencies([moment] * len(self._told_at))

    async def _read(self, number: int, job_id: JobId) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(f"GET /api/v1/jobs/{job_id}/events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        try:
            while line := await reader.readline():
                if line.startswith(b"data:"):
                    self._told_at[number] = time.monotonic()
                    self._told.set()
        finally:
            writer.close()


@contextmanager
def an_api(stack: EmbeddedStack, folder: Path, port: int) -> Iterator[psutil.Process]:
    """Run the API as a process."""
    settings = {"DATABASE_URL": stack.addresses.database_url, "REDIS_URL": stack.addresses.redis_url, "PORT": str(port)}
    environment = {f"ESTEIRA_{name}": value for name, value in settings.items() if value}
    process = subprocess.Popen(
        [sys.executable, "-m", "bootstrap.command", "api"],
        cwd=ROOT,
        env={**os.environ, **environment, "ESTEIRA_DATA_DIR": str(folder), "ESTEIRA_LOG_LEVEL": "WARNING"},
    )
    try:
        while process.poll() is None:
            try:
                httpx.get(f"http://127.0.0.1:{port}/api/health")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        else:
            sys.exit(f"the API has ended with {process.returncode}, and says above why")
        time.sleep(SETTLE_SECONDS)  # the model is loaded beside
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


async def measure(jobs: Jobs, api: psutil.Process, port: int, *, count: int, changes: int) -> None:
    """Print a line for each of the two cases."""
    print(f"{'streams':<24}{'MiB more':>10}{'CPU idle':>10}{'p50 ms':>8}{'p99 ms':>8}{'most':>8}")
    for name, job_ids in (("of one job", jobs.add(1) * count), ("of a job each", jobs.add(count))):
        before = api.memory_info().rss
        streams = Streams(port)
        await streams.open(job_ids)
        more = (api.memory_info().rss - before) / MEBIBYTE
        idle = await asyncio.to_thread(api.cpu_percent, 5)
        seconds: list[float] = []
        for _ in range(changes):
            changed = {job_id: await asyncio.to_thread(jobs.change, job_id) for job_id in dict.fromkeys(job_ids)}
            seconds += await streams.latencies([changed[job_id] for job_id in job_ids])
            await asyncio.sleep(PAUSE_SECONDS)
        cuts = statistics.quantiles(seconds, n=100)
        shown = [f"{1000 * each:.0f}" for each in (cuts[49], cuts[98], max(seconds))]
        print(f"{count} {name:<19}{more:>10.1f}{idle:>9.1f}%{shown[0]:>8}{shown[1]:>8}{shown[2]:>8}", flush=True)
        await streams.close()


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=1000)
    parser.add_argument("--changes", type=int, default=20)
    parser.add_argument("--port", type=int, default=8399)
    options = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory() as folder, EmbeddedStack.own(Path(folder)) as stack:
        jobs = Jobs(str(stack.addresses.database_url))
        with an_api(stack, Path(folder), options.port) as api:
            asyncio.run(measure(jobs, api, options.port, count=options.streams, changes=options.changes))


if __name__ == "__main__":
    main()
