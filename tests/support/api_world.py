"""The HTTP door on the real database, with jobs in every state."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
from sqlalchemy import Engine, text

from application.ports.queue_messages import QueueMessages
from application.use_cases.replay_dead_letters import LIMIT
from domain.action import Action
from domain.failure import Failure
from domain.job import Job
from domain.report import Report
from domain.retry_policy import RetryPolicy
from infrastructure.postgres.dead_letter_reader import PostgresDeadLetterReader
from infrastructure.postgres.document_reader import PostgresDocumentReader
from infrastructure.postgres.job_reader import PostgresJobReader
from infrastructure.postgres.queue_reader import PostgresQueueReader
from infrastructure.postgres.run_ledger import PostgresRunLedger
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from tests.support.api import Api
from tests.support.document_factory import a_document, a_job

AWAY = Failure(code="storage_unavailable", message="The store is away.", retryable=True)
CORRUPT = Failure(code="corrupt", message="It is damaged.", retryable=False)
AT_ONCE = RetryPolicy(first_delay_seconds=0)
SPAN = timedelta(minutes=5)


@dataclass
class World:
    engine: Engine
    api: Api
    client: httpx.Client

    def job(self, filename: str = "report.pdf") -> Job:
        document = a_document(filename=filename)
        job = a_job(document)
        with PostgresUnitOfWork(self.engine) as transaction:
            transaction.documents.add(document)
            transaction.jobs.add(job)
            transaction.documents.assign_job(document.id, job.id)
            transaction.commit()
        return job

    def run(self, job: Job, failure: Failure | None = None, *, worker: str = "w1") -> Job:
        """Claim; with a failure, end the run by it."""
        with PostgresUnitOfWork(self.engine) as transaction:
            job, now = transaction.jobs.lock(job.id), transaction.now()

            def claim(action: Action) -> Action:
                return action.claim(worker=worker, now=now, lease=SPAN, timeout=SPAN)

            transaction.jobs.save(job := job.change(job.actions[0].id, claim))
            transaction.commit()
        return self.fail(job, failure) if failure else job

    def fail(self, job: Job, failure: Failure) -> Job:
        with PostgresUnitOfWork(self.engine) as transaction:
            job, now = transaction.jobs.lock(job.id), transaction.now()
            job = job.change(job.actions[0].id, lambda a: a.fail(failure, now=now, policy=AT_ONCE))
            transaction.jobs.save(job)
            transaction.commit()
        return job

    def dead_letters(self, **parameters: object) -> list[Any]:
        answer = self.client.get("/api/v1/queue/dead-letters", params={k: str(v) for k, v in parameters.items()})
        assert answer.status_code == 200
        return list(answer.json()["items"])

    def complete(self, job: Job, *, result: dict[str, object] | None = None) -> Job:
        """End a running job well."""
        with PostgresUnitOfWork(self.engine) as transaction:
            job, now = transaction.jobs.lock(job.id), transaction.now()
            report = job.actions[0].report.finished("Done", at=now)
            job = job.change(job.actions[0].id, lambda a: a.complete(now=now, result=result or {}, report=report))
            transaction.jobs.save(job)
            transaction.commit()
        return job

    def report(self, job: Job, report: Report) -> None:
        """Tell progress, as the run does."""
        PostgresRunLedger(self.engine).report(job.actions[0].run, report)

    def sql(self, statement: str, **parameters: object) -> None:
        """Do what no call can, such as letting time pass."""
        with self.engine.begin() as connection:
            connection.execute(text(statement), parameters)

    def get(self, path: str, *, expect: int = 200, **parameters: object) -> Any:  # noqa: ANN401
        """Return the answer of the queue's API."""
        answer = self.client.get(f"/api/v1/queue/{path}", params={k: str(v) for k, v in parameters.items()})
        assert answer.status_code == expect, answer.text
        return answer.json()

    def post(self, path: str, *, expect: int = 200, body: object = None) -> Any:  # noqa: ANN401
        """Return the answer of the queue's API."""
        answer = self.client.post(f"/api/v1/queue/{path}", json=body)
        assert answer.status_code == expect, answer.text
        return answer.json()


def ping_nothing() -> None:
    """A part that answers."""


@contextmanager
def a_world(
    engine: Engine, *, queue_messages: QueueMessages | None = None, replay_limit: int = LIMIT
) -> Iterator[World]:
    """Serve the API on that database."""
    api = Api(
        transactions=lambda: PostgresUnitOfWork(engine),
        documents=PostgresDocumentReader(engine),
        dead_letters=PostgresDeadLetterReader(engine),
        queues=PostgresQueueReader(engine),
        queue_messages=queue_messages,
        jobs=PostgresJobReader(engine),
        replay_limit=replay_limit,
        parts={"database": ping_nothing, "redis": ping_nothing, "storage": ping_nothing},
    )
    with api.serve() as client:
        yield World(engine=engine, api=api, client=client)
