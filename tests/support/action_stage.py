"""All that an action meets on its road, wired to one database and one Redis."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from redis import Redis
from sqlalchemy import Engine

from application.ports.run_context import RunContext
from application.run_action import ActionType, Outcome, RunAction
from application.use_cases.clean_up_ended_runs import CleanUpEndedRuns
from application.use_cases.reap_expired_runs import ReapExpiredRuns
from application.use_cases.resend_lost_messages import ResendLostMessages
from application.use_cases.send_due_actions import SendDueActions
from domain.action import Action
from domain.job import INDEX
from domain.report import Report
from domain.retry_policy import RetryPolicy
from infrastructure.postgres.run_ledger import PostgresRunLedger
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork
from infrastructure.queue.heartbeat import Shutdown, ThreadHeartbeat
from infrastructure.queue.redis_queue import RqDoorbell

QUEUE = "document_processing"
LEASE = timedelta(seconds=30)


@dataclass
class Work:
    """A handler that does what the test says, and remembers."""

    act: Callable[[Action, RunContext], None] = lambda action, context: None
    clear: Callable[[Action], None] = lambda action: None
    ran: list[int] = field(default_factory=list)
    cleaned: int = 0

    def __call__(self, action: Action, context: RunContext) -> Outcome:
        self.ran.append(action.attempt)
        self.act(action, context)
        return Outcome(result={"attempt": action.attempt}, report=Report(message="done"))

    def clean_up(self, action: Action) -> None:
        self.clear(action)
        self.cleaned += 1


@dataclass
class Stage:
    """All that an action meets, wired to one database and one Redis."""

    engine: Engine
    redis: Redis
    work: Work
    shutdown: Shutdown
    timeout: timedelta = timedelta(minutes=1)
    beat_seconds: float = 0.01

    @property
    def transactions(self) -> Callable[[], PostgresUnitOfWork]:
        return partial(PostgresUnitOfWork, self.engine)

    @property
    def types(self) -> dict[str, ActionType]:
        retry = RetryPolicy(first_delay_seconds=0.0)
        kind = ActionType(name=INDEX, queue=QUEUE, timeout=self.timeout, retry=retry, handler=self.work)
        return {INDEX: kind}

    @property
    def doorbell(self) -> RqDoorbell:
        return RqDoorbell(self.redis)

    def send(self) -> int:
        relay = SendDueActions(
            transactions=self.transactions,
            doorbell=self.doorbell,
            action_timeouts={INDEX: self.timeout.total_seconds()},
        )
        return relay()

    def run(self, action: Action, *, lease: timedelta = LEASE) -> None:
        heartbeat = ThreadHeartbeat(
            ledger=PostgresRunLedger(self.engine),
            shutdown=self.shutdown,
            beat_seconds=self.beat_seconds,
            lease=lease,
            hang_seconds=60,
        )
        runner = RunAction(
            transactions=self.transactions,
            heartbeat=heartbeat,
            action_types=self.types,
            worker_name="w",
            lease=lease,
        )
        runner(action.id, action.dispatch_no)

    def reap(self) -> int:
        return ReapExpiredRuns(transactions=self.transactions, action_types=self.types, lease=timedelta())()

    def sweep(self) -> int:
        return CleanUpEndedRuns(transactions=self.transactions, action_types=self.types)()

    def reconcile(self) -> int:
        resend = ResendLostMessages(transactions=self.transactions, doorbell=self.doorbell, patience_seconds=0)
        return resend()
