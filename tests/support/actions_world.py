"""The HTTP door on the real database, with jobs of several actions that a test runs step by step as workers do."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import Engine, text

from domain.action import Action
from domain.failure import Failure
from domain.ids import ActionId
from domain.report import Report
from domain.retry_policy import RetryPolicy
from infrastructure.postgres.job_reader import PostgresJobReader
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from tests.support.action_types import known_types
from tests.support.api import PUBLIC_URL, Api

SPAN = timedelta(minutes=5)
BROKEN = Failure(code="corrupt", message="It is damaged.", retryable=False)
AWAY = Failure(code="storage_unavailable", message="The store is away.", retryable=True)


@dataclass
class Actions:
    """The door, and workers behind it."""

    engine: Engine
    api: Api
    client: httpx.Client

    def start(self, *types: str) -> Any:  # noqa: ANN401
        answer = self.client.post("/api/v1/jobs", json={"actions": [{"type": name} for name in types]})
        assert answer.status_code == 202, answer.text
        return answer.json()

    def status(self, job: Any) -> Any:  # noqa: ANN401
        answer = self.client.get(job["status_url"].removeprefix(PUBLIC_URL))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def change(self, job: Any, number: int, change: Callable[[Action], Action]) -> Action:  # noqa: ANN401
        action_id = ActionId(UUID(job["actions"][number]["action_id"]))
        with PostgresUnitOfWork(self.engine) as transaction:
            changed = transaction.jobs.lock_of(action_id).change(action_id, change)
            transaction.jobs.save(changed)
            transaction.commit()
        return changed.action(action_id)

    def claim(self, job: Any, number: int) -> Action:  # noqa: ANN401
        return self.change(
            job, number, lambda a: a.claim(worker=f"w{number}", now=self.now(), lease=SPAN, timeout=SPAN)
        )

    def complete(self, job: Any, number: int, **result: object) -> None:  # noqa: ANN401
        report = Report().finished("Done", at=self.now())
        self.change(job, number, lambda a: a.complete(now=self.now(), result=result, report=report))

    def fail(self, job: Any, number: int, failure: Failure) -> None:  # noqa: ANN401
        self.change(job, number, lambda a: a.fail(failure, now=self.now(), policy=RetryPolicy()))

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Ask, or let time pass, as no call can."""
        with self.engine.begin() as connection:
            found = connection.execute(text(statement))
            return [tuple(row) for row in found] if found.returns_rows else []

    def now(self) -> Any:  # noqa: ANN401
        with PostgresUnitOfWork(self.engine) as transaction:
            return transaction.now()


@contextmanager
def an_actions_world(engine: Engine) -> Iterator[Actions]:
    """Serve the API on that database."""
    api = Api(
        transactions=lambda: PostgresUnitOfWork(engine), jobs=PostgresJobReader(engine), action_types=known_types()
    )
    with api.serve() as client:
        yield Actions(engine=engine, api=api, client=client)
