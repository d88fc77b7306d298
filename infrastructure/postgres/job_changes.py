"""News of jobs by LISTEN/NOTIFY: one connection a process, from the first wait on."""

import asyncio
import logging
from collections import defaultdict
from uuid import UUID

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo

from domain.ids import JobId
from infrastructure.postgres.engine import REACHABILITY
from infrastructure.postgres.job_store import JOB_CHANNEL

log = logging.getLogger(__name__)


class PostgresJobChanges:
    """Implements application/ports/job_changes.py. Used from one event loop."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._waiting: dict[JobId, set[asyncio.Event]] = defaultdict(set)
        self._listener: asyncio.Task[None] | None = None
        self._listening = asyncio.Event()

    async def wait(self, job_ids: frozenset[JobId], *, timeout_seconds: float) -> None:
        """Wait for news of one of the jobs."""
        self._start()
        news = asyncio.Event()
        for job_id in job_ids:
            self._waiting[job_id].add(news)
        try:
            async with asyncio.timeout(timeout_seconds):
                await news.wait()
        except TimeoutError:
            return
        finally:
            for job_id in job_ids:
                self._waiting[job_id].discard(news)
                if not self._waiting[job_id]:
                    del self._waiting[job_id]

    async def listening(self) -> None:
        """Return once news are heard. Never returns while the database is away."""
        self._start()
        await self._listening.wait()

    def _start(self) -> None:
        if self._listener is None or self._listener.done():
            self._listening.clear()
            self._listener = asyncio.create_task(self._listen(), name="job-changes")

    async def _listen(self) -> None:
        """Hand news on. Ends when the connection does: those who wait look again by themselves."""
        try:
            connection = await AsyncConnection.connect(
                make_conninfo(self._database_url, application_name="esteira-job-changes", **REACHABILITY),
                autocommit=True,
            )
            async with connection:
                await connection.execute(f"LISTEN {JOB_CHANNEL}")
                self._listening.set()
                async for notice in connection.notifies():
                    for news in self._waiting.get(JobId(UUID(notice.payload)), ()):
                        news.set()
        except psycopg.OperationalError as error:
            log.warning("no news of jobs for now: %s", error)
