"""Jobs with callbacks over HTTP on the real database, and the worker that delivers them, step by step."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from ipaddress import ip_network
from typing import Any

from sqlalchemy import Engine, select, text

from application.run_action import ActionType, RunAction
from application.use_cases.reap_expired_runs import ReapExpiredRuns
from bootstrap.callbacks import callback_action_type
from bootstrap.settings import Settings
from domain.action import Action
from domain.callback import CALLBACK, CallbackRules
from infrastructure.postgres.dead_letter_reader import PostgresDeadLetterReader
from infrastructure.postgres.job_reader import PostgresJobReader
from infrastructure.postgres.rows import action_of
from infrastructure.postgres.run_ledger import PostgresRunLedger
from infrastructure.postgres.tables import job_actions
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from infrastructure.queue.heartbeat import Shutdown, ThreadHeartbeat
from tests.support.action_types import known_types
from tests.support.actions_world import Actions
from tests.support.api import Api
from tests.support.callback_receiver import SECRET

LEASE = timedelta(seconds=30)
SETTINGS = Settings(_env_file=None, webhook_secret=SECRET, callback_private_networks="127.0.0.0/8")


@dataclass
class CallbackStage(Actions):
    """The door, workers of other queues by hand, and one of the queue `callbacks`."""

    def start_with(self, url: str, *types: str) -> Any:  # noqa: ANN401
        body = {"actions": [{"type": name} for name in types], "callback_url": url}
        answer = self.client.post("/api/v1/jobs", json=body)
        assert answer.status_code == 202, answer.text
        return answer.json()

    @property
    def callbacks(self) -> Sequence[Action]:
        with self.engine.connect() as connection:
            query = select(job_actions).where(job_actions.c.type == CALLBACK).order_by(job_actions.c.id)
            return [action_of(row) for row in connection.execute(query)]

    @property
    def action_type(self) -> ActionType:
        return callback_action_type(SETTINGS, partial(PostgresUnitOfWork, self.engine), load_secret=bytes)

    def deliver(self) -> None:
        """Run each callback that waits, as if it were due."""
        self.sql("UPDATE job_actions SET due_at = now() WHERE type = 'callback' AND status = 'pending'")
        for action in self.callbacks:
            self.run(action)

    def run(self, action: Action) -> None:
        heartbeat = ThreadHeartbeat(
            ledger=PostgresRunLedger(self.engine),
            shutdown=Shutdown(grace_seconds=0),
            beat_seconds=0.1,
            lease=LEASE,
            hang_seconds=60,
        )
        RunAction(
            transactions=partial(PostgresUnitOfWork, self.engine),
            heartbeat=heartbeat,
            action_types={CALLBACK: self.action_type},
            worker_name="w",
            lease=LEASE,
        )(action.id, action.dispatch_no)

    def reap(self) -> int:
        types = {**known_types(), CALLBACK: self.action_type}
        transactions = partial(PostgresUnitOfWork, self.engine)
        return ReapExpiredRuns(transactions=transactions, action_types=types, lease=timedelta())()

    def count(self, statement: str) -> int:
        with self.engine.connect() as connection:
            return int(connection.execute(text(statement)).scalar_one())


@contextmanager
def a_callback_stage(engine: Engine) -> Iterator[CallbackStage]:
    """Serve the API on that database; callbacks may go to this machine."""
    api = Api(
        transactions=lambda: PostgresUnitOfWork(engine),
        jobs=PostgresJobReader(engine),
        dead_letters=PostgresDeadLetterReader(engine),
        action_types=known_types(),
        callbacks=CallbackRules(networks=(ip_network("127.0.0.0/8"),)),
    )
    with api.serve() as client:
        yield CallbackStage(engine=engine, api=api, client=client)
