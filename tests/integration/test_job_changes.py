"""News of jobs reach those who listen in this process, whoever made them."""

import asyncio
from collections.abc import Callable

from sqlalchemy import Engine

from domain.ids import JobId
from domain.job import Job
from infrastructure.postgres.job_changes import PostgresJobChanges
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from tests.support.jobs import add_job

PATIENCE_SECONDS = 30.0


def url_of(engine: Engine) -> str:
    return engine.url.set(drivername="postgresql").render_as_string(hide_password=False)


def touch(engine: Engine, job: Job) -> None:
    with PostgresUnitOfWork(engine) as transaction:
        transaction.jobs.save(transaction.jobs.lock(job.id))
        transaction.commit()


async def heard(engine: Engine, job: Job, told: set[JobId]) -> None:
    """Change the job until that is heard: news from before the connection is there are lost, as the port says."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while job.id not in told:
            await asyncio.to_thread(touch, engine, job)
            await asyncio.sleep(0.05)


def test_all_who_listen_are_told_by_one_connection(engine: Engine) -> None:
    job = add_job(engine)

    async def listen() -> None:
        changes, first, second = PostgresJobChanges(url_of(engine)), set[JobId](), set[JobId]()
        changes.tell(first.add)
        changes.tell(second.add)
        await heard(engine, job, first)
        assert (first, second) == ({job.id}, {job.id})
        assert listeners(engine) == 1

    asyncio.run(listen())


def test_news_come_again_when_the_connection_was_lost(engine: Engine) -> None:
    job = add_job(engine)

    async def listen() -> None:
        changes, told = PostgresJobChanges(url_of(engine)), set[JobId]()
        changes.tell(told.add)
        await heard(engine, job, told)
        on_listeners(engine, "pg_terminate_backend(pid)")
        told.clear()
        await heard(engine, job, told)

    asyncio.run(listen())


def test_a_listener_without_a_database_harms_nobody() -> None:
    async def listen() -> None:
        told: Callable[[JobId], None] = set[JobId]().add
        PostgresJobChanges("postgresql://nobody@127.0.0.1:1/none").tell(told)
        await asyncio.sleep(0.05)

    asyncio.run(listen())


def listeners(engine: Engine) -> int:
    return len(on_listeners(engine, "pid"))


def on_listeners(engine: Engine, what: str) -> list[object]:
    query = "FROM pg_stat_activity WHERE application_name = 'esteira-job-changes' AND datname = current_database()"
    with engine.connect() as connection:
        return list(connection.exec_driver_sql(f"SELECT {what} {query}"))
