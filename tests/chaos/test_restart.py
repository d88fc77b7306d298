"""A restart of PostgreSQL, alone: no worker could beat while it was away, so none is called dead for it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from infrastructure.postgres.engine import make_engine
from infrastructure.postgres.migrate import migrate
from infrastructure.postgres.run_ledger import PostgresRunLedger
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from tests.chaos.servers import RestartableServer, own_servers
from tests.support.jobs import add_job

ALREADY_OVER = timedelta(seconds=-1)


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[RestartableServer]:
    with own_servers(tmp_path / "data") as (postgres, _):
        yield postgres


def test_after_a_restart_a_worker_has_the_time_of_a_lease_to_beat_again(postgres: RestartableServer) -> None:
    engine = make_engine(postgres.url, application_name="test")
    migrate(engine)
    job = add_job(engine)
    with PostgresUnitOfWork(engine) as transaction:
        claimed = transaction.jobs.lock(job.id).change(
            job.actions[0].id,
            lambda a: a.claim(worker="w", now=transaction.now(), lease=ALREADY_OVER, timeout=timedelta(hours=1)),
        )
        transaction.jobs.save(claimed)
        transaction.commit()
    postgres.stop()
    postgres.start()
    with PostgresUnitOfWork(engine) as transaction:
        assert list(transaction.jobs.expired(10, after_start=timedelta(hours=1))) == []
        assert list(transaction.jobs.expired(10, after_start=timedelta())) == [job.actions[0].id]
    PostgresRunLedger(engine).beat(claimed.actions[0].run, lease=timedelta(hours=1))
    with PostgresUnitOfWork(engine) as transaction:
        assert list(transaction.jobs.expired(10, after_start=timedelta())) == []
    engine.dispose()
