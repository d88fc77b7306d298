"""Beats and progress on real PostgreSQL."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from domain.action import Action, Run
from domain.errors import DatabaseUnavailable, DeadlineExceeded, LeaseLost
from domain.ids import DEFAULT_TENANT, ActionId, DocumentId, new_uuid7
from domain.job import Job, new_index_job
from domain.report import Report
from infrastructure.postgres.engine import make_engine
from infrastructure.postgres.run_ledger import PostgresRunLedger
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork

LEASE = timedelta(seconds=30)


def stored_job(engine: Engine) -> Job:
    with PostgresUnitOfWork(engine) as transaction:
        job = new_index_job(
            document_id=DocumentId(new_uuid7()),
            tenant_id=DEFAULT_TENANT,
            etag="e",
            max_attempts=4,
            now=transaction.now(),
        )
        transaction.jobs.add(job)
        transaction.commit()
    return job


def claimed(engine: Engine, *, timeout: timedelta = timedelta(minutes=30)) -> Action:
    job = stored_job(engine)
    return changed(engine, job, timeout=timeout)


def changed(engine: Engine, job: Job, *, timeout: timedelta) -> Action:
    with PostgresUnitOfWork(engine) as transaction:
        job = transaction.jobs.lock(job.id)
        now = transaction.now()
        job = job.change(
            job.actions[0].id, lambda action: action.claim(worker="w", now=now, lease=LEASE, timeout=timeout)
        )
        transaction.jobs.save(job)
        transaction.commit()
    return job.actions[0]


def read(engine: Engine, action: Action) -> tuple[Job, Action]:
    with PostgresUnitOfWork(engine) as transaction:
        job = transaction.jobs.lock_of(action.id)
    return job, job.actions[0]


def test_a_beat_extends_the_lease_and_tells_of_a_cancel(engine: Engine) -> None:
    action = claimed(engine)
    ledger = PostgresRunLedger(engine)
    assert ledger.beat(action.run, lease=timedelta(hours=1)) is False
    _, now = read(engine, action)
    assert now.lease_until
    assert action.lease_until
    assert now.lease_until > action.lease_until + timedelta(minutes=50)
    with PostgresUnitOfWork(engine) as transaction:
        job = transaction.jobs.lock_of(action.id)
        transaction.jobs.save(job.request_cancel(now=transaction.now()))
        transaction.commit()
    assert ledger.beat(action.run, lease=LEASE) is True


def test_who_lost_the_lease_can_neither_beat_nor_report(engine: Engine) -> None:
    action = claimed(engine)
    stale = replace(action.run, run_lease=action.run_lease - 1)
    ledger = PostgresRunLedger(engine)
    version = read(engine, action)[0].version
    with pytest.raises(LeaseLost):
        ledger.beat(stale, lease=LEASE)
    with pytest.raises(LeaseLost):
        ledger.report(stale, Report(progress=99))
    job, now = read(engine, action)
    assert (job.version, now.report.progress) == (version, 0)


def test_a_beat_behind_the_deadline_says_so(engine: Engine) -> None:
    action = claimed(engine, timeout=timedelta(0))
    with pytest.raises(DeadlineExceeded):
        PostgresRunLedger(engine).beat(action.run, lease=LEASE)


def test_time_in_which_nobody_could_beat_moves_the_deadline(engine: Engine) -> None:
    action = claimed(engine, timeout=timedelta(minutes=30))
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE job_actions SET lease_until = lease_until - :slept, deadline = deadline - :slept"),
            {"slept": timedelta(hours=8)},
        )
    assert PostgresRunLedger(engine).beat(action.run, lease=LEASE) is False
    _, now = read(engine, action)
    assert action.deadline
    assert now.deadline
    assert timedelta(minutes=-1) < now.deadline - action.deadline < timedelta(minutes=1)


def test_each_report_raises_the_jobs_version(engine: Engine) -> None:
    action = claimed(engine)
    before, _ = read(engine, action)
    PostgresRunLedger(engine).report(action.run, Report(progress=7, warnings=("slow",)))
    job, now = read(engine, action)
    assert job.version == before.version + 1
    assert (now.report.progress, now.report.warnings) == (7, ("slow",))


def test_a_database_that_is_away_is_told_apart() -> None:
    nowhere = make_engine("postgresql://nobody@127.0.0.1:1/none", application_name="test", pool_size=1)
    with pytest.raises(DatabaseUnavailable):
        PostgresRunLedger(nowhere).beat(Run(action_id=ActionId(new_uuid7()), run_lease=1), lease=LEASE)
