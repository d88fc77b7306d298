"""News of jobs by LISTEN/NOTIFY: one connection a process, from the first who wants to hear on."""

import asyncio
import logging
from collections.abc import Callable
from contextvars import Context
from uuid import UUID

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo

from domain.ids import JobId
from infrastructure.postgres.engine import REACHABILITY
from infrastructure.postgres.job_store import JOB_CHANNEL

log = logging.getLogger(__name__)

_CONNECT_AGAIN_SECONDS = 1.0


class PostgresJobChanges:
    """Implements application/ports/job_changes.py. Used from one event loop."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._told: list[Callable[[JobId], None]] = []
        self._listener: asyncio.Task[None] | None = None

    def tell(self, told: Callable[[JobId], None]) -> None:
        """Start listening with the first."""
        self._told.append(told)
        if self._listener is None:
            # In a context of its own: what it logs is of no request.
            self._listener = asyncio.create_task(self._keep_listening(), name="job-changes", context=Context())

    async def _keep_listening(self) -> None:
        while True:
            try:
                await self._listen()
            except psycopg.OperationalError as error:
                log.warning("no news of jobs for now: %s", error)
            await asyncio.sleep(_CONNECT_AGAIN_SECONDS)

    async def _listen(self) -> None:
        """Hand news on until the connection ends."""
        connection = await AsyncConnection.connect(
            make_conninfo(self._database_url, application_name="esteira-job-changes", **REACHABILITY),
            autocommit=True,
        )
        async with connection:
            await connection.execute(f"LISTEN {JOB_CHANNEL}")
            async for notice in connection.notifies():
                for told in self._told:
                    told(JobId(UUID(notice.payload)))
