"""News of jobs reach those who wait in this process, whoever made them."""

import asyncio
import time

from sqlalchemy import Engine

from domain.ids import JobId, new_uuid7
from domain.job import Job
from infrastructure.postgres.job_changes import PostgresJobChanges
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from tests.support.jobs import add_job

PATIENCE_SECONDS = 30.0


def url_of(engine: Engine) -> str:
    return engine.url.set(drivername="postgresql").render_as_string(hide_password=False)


def cancel(engine: Engine, job: Job) -> None:
    with PostgresUnitOfWork(engine) as transaction:
        locked = transaction.jobs.lock(job.id)
        transaction.jobs.save(locked.request_cancel(now=transaction.now()))
        transaction.commit()


def test_a_change_wakes_those_who_wait_for_that_job(engine: Engine) -> None:
    job = add_job(engine)

    async def wait_while_it_changes() -> float:
        changes = PostgresJobChanges(url_of(engine))
        # The first wait starts the listener; news before it listens are lost, as the port says, so it is waited for.
        await changes.listening()
        waiting = asyncio.create_task(changes.wait(frozenset({job.id}), timeout_seconds=PATIENCE_SECONDS))
        await asyncio.sleep(0)
        started = time.monotonic()
        await asyncio.to_thread(cancel, engine, job)
        await waiting
        return time.monotonic() - started

    assert asyncio.run(wait_while_it_changes()) < PATIENCE_SECONDS


def test_without_news_or_a_database_the_wait_ends_in_time(engine: Engine) -> None:
    async def wait_in_vain(url: str) -> None:
        await PostgresJobChanges(url).wait(frozenset({JobId(new_uuid7())}), timeout_seconds=0.05)

    asyncio.run(wait_in_vain(url_of(engine)))
    asyncio.run(wait_in_vain("postgresql://nobody@127.0.0.1:1/none"))
