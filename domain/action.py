"""An action: one piece of a job that a worker runs, with its own status, attempts and result.

The rules of its life stand here and nowhere else. Each transition returns a new action or raises; times come from the
database's clock. `run_lease` is the fence: it rises with every claim and never falls, so a worker that was thought dead
can be told from the one that has the action now.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self
from uuid import UUID, uuid5

from domain.errors import AlreadyFinal, IllegalTransition, LeaseLost, NotFailed
from domain.failure import SENTENCES, Failure, FailureCode
from domain.ids import ActionId, JobId
from domain.report import Report
from domain.retry_policy import RetryPolicy


class ActionStatus(StrEnum):
    """Where an action stands."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


# What stands under this name in `params` is for the work alone, and is erased with the transition that ends it.
SEALED_PASSWORD = "sealed_password"  # noqa: S105 - a name

FINAL = frozenset({ActionStatus.COMPLETED, ActionStatus.FAILED, ActionStatus.CANCELLED})
LEGAL_TRANSITIONS: Mapping[ActionStatus, frozenset[ActionStatus]] = {
    ActionStatus.PENDING: frozenset({ActionStatus.PROCESSING, ActionStatus.CANCELLED}),
    ActionStatus.PROCESSING: frozenset({ActionStatus.PENDING}) | FINAL,
    ActionStatus.COMPLETED: frozenset(),
    ActionStatus.FAILED: frozenset({ActionStatus.PENDING}),  # only when a person retries
    ActionStatus.CANCELLED: frozenset(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One claim of an action: who may write for it, until another claim."""

    action_id: ActionId
    run_lease: int

    @property
    def id(self) -> UUID:
        """The name under which rows of this run are stored."""
        return uuid5(self.action_id, str(self.run_lease))


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """See the module. `dispatch_no` names the message in the queue that may claim it; others are stale.

    `unclean` from the claim until somebody has cleared up behind the run, however that ended.
    """

    id: ActionId
    job_id: JobId
    type: str
    queue: str
    status: ActionStatus = ActionStatus.PENDING
    params: Mapping[str, object] = field(default_factory=dict)
    result: Mapping[str, object] | None = None
    error: Failure | None = None
    report: Report = field(default_factory=Report)
    attempt: int = 0
    max_attempts: int = 4
    crashes: int = 0
    dispatch_no: int = 1
    run_lease: int = 0
    worker: str | None = None
    cancel_requested: bool = False
    unclean: bool = False
    due_at: datetime
    sent_at: datetime | None = None
    lease_until: datetime | None = None
    deadline: datetime | None = None
    claimed_at: datetime | None = None
    created_at: datetime
    started_at: datetime | None = None
    completed_at: datetime | None = None

    @property
    def is_final(self) -> bool:
        """True once no worker will touch it again by itself."""
        return self.status in FINAL

    @property
    def run(self) -> Run:
        """The latest claim."""
        return Run(action_id=self.id, run_lease=self.run_lease)

    def may_be_claimed(self, *, dispatch_no: int, now: datetime) -> bool:
        """Tell whether the message `dispatch_no` is the one that may start this action now."""
        return self.status is ActionStatus.PENDING and self.dispatch_no == dispatch_no and self.due_at <= now

    def claim(self, *, worker: str, now: datetime, lease: timedelta, timeout: timedelta) -> Self:
        """Start a run: a new lease, a new attempt, a fresh report."""
        return self._to(
            ActionStatus.PROCESSING,
            run_lease=self.run_lease + 1,
            attempt=self.attempt + 1,
            worker=worker,
            unclean=True,
            lease_until=now + lease,
            deadline=now + timeout,
            started_at=self.started_at or now,
            claimed_at=now,
            # A run that was given back keeps its attempt's number, so its progress must not fall either.
            report=Report(message="Starting", progress=self.report.progress),
            error=None,
        )

    def holds(self, run: Run) -> bool:
        """Tell whether `run` still owns this action."""
        return self.status is ActionStatus.PROCESSING and self.run == run

    def require(self, run: Run) -> None:
        """Raise LeaseLost unless `run` still owns this action."""
        if not self.holds(run):
            raise LeaseLost

    def is_expired(self, *, now: datetime) -> bool:
        """Tell whether the run stopped beating, or is overdue."""
        return (self.lease_until is not None and self.lease_until < now) or (
            self.deadline is not None and self.deadline < now
        )

    def complete(self, *, now: datetime, result: Mapping[str, object], report: Report) -> Self:
        """End well."""
        return self._end(ActionStatus.COMPLETED, now=now, result=result, report=report, error=None)

    def fail(self, failure: Failure, *, now: datetime, policy: RetryPolicy) -> Self:
        """End badly: wait for another attempt where that can help and one is left, else fail for good."""
        if self.cancel_requested:
            return self.cancel(now=now)
        if not failure.retryable:
            return self._end(ActionStatus.FAILED, now=now, error=failure)
        if self.attempt >= self.max_attempts:
            return self._end(ActionStatus.FAILED, now=now, error=failure.after(self.attempt))
        return self._requeue(error=failure, due_at=now + policy.delay(self.attempt), report=Report())

    def lose_worker(self, *, now: datetime, policy: RetryPolicy) -> Self:
        """The worker died or stopped beating: run again, unless this action has taken too many workers with it.

        One that still beat at its deadline was overdue; what passed it after its last lease had died before.
        """
        if self.cancel_requested:
            return self.cancel(now=now)
        if self.deadline and self.lease_until and self.deadline <= min(now, self.lease_until):
            return self.time_out(now=now)
        code = FailureCode.WORKER_LOST
        failure = Failure(code=code, message=SENTENCES[code], retryable=True)
        crashes = self.crashes + 1
        if crashes >= policy.max_crashes or self.attempt >= self.max_attempts:
            return self._end(ActionStatus.FAILED, now=now, error=failure.after(self.attempt), crashes=crashes)
        return self._requeue(error=failure, due_at=now + policy.delay(crashes), report=Report(), crashes=crashes)

    def time_out(self, *, now: datetime) -> Self:
        """The deadline has passed: final, since another run would take as long."""
        if self.cancel_requested:
            return self.cancel(now=now)
        code = FailureCode.TIMEOUT
        return self._end(
            ActionStatus.FAILED, now=now, error=Failure(code=code, message=SENTENCES[code], retryable=False)
        )

    def release(self, *, now: datetime) -> Self:
        """Give the action back unharmed (the worker is asked to stop): the attempt does not count."""
        if self.cancel_requested:
            return self.cancel(now=now)
        return replace(self._requeue(error=None, due_at=now, report=self.report), attempt=self.attempt - 1)

    def resend(self, *, now: datetime) -> Self:
        """The message is lost, or came while its queue is paused: send a new one, which makes the old one stale."""
        if self.status is not ActionStatus.PENDING:
            raise IllegalTransition
        return replace(self, dispatch_no=self.dispatch_no + 1, sent_at=None, due_at=min(self.due_at, now))

    def retry(self, *, now: datetime) -> Self:
        """A person wants another try: it starts anew, with all its attempts. The lease goes on, as it never falls."""
        if self.status is not ActionStatus.FAILED:
            raise NotFailed
        return self._requeue(
            due_at=now,
            attempt=0,
            crashes=0,
            error=None,
            report=Report(),
            cancel_requested=False,
            started_at=None,
            completed_at=None,
        )

    def request_cancel(self, *, now: datetime) -> Self:
        """Cancel at once what no worker has; ask the worker of what runs."""
        if self.is_final:
            raise AlreadyFinal
        if self.status is ActionStatus.PENDING:
            return self.cancel(now=now)
        return replace(self, cancel_requested=True)

    def cancel(self, *, now: datetime) -> Self:
        """End because its owner wants so."""
        return self._end(ActionStatus.CANCELLED, now=now, error=None)

    def _requeue(self, **changes: object) -> Self:
        return self._to(
            ActionStatus.PENDING,
            sent_at=None,
            dispatch_no=self.dispatch_no + 1,
            lease_until=None,
            deadline=None,
            **changes,
        )

    def _end(self, status: ActionStatus, *, now: datetime, **changes: object) -> Self:
        params = {name: value for name, value in self.params.items() if name != SEALED_PASSWORD}
        return self._to(status, completed_at=now, lease_until=None, deadline=None, params=params, **changes)

    def _to(self, status: ActionStatus, **changes: object) -> Self:
        if status not in LEGAL_TRANSITIONS[self.status]:
            raise IllegalTransition(f"An action that is {self.status} cannot become {status}.")
        return replace(self, status=status, **changes)  # type: ignore[arg-type]
