"""Runs one action: claim it, keep it alive, do its work, write down how it ended. The same road for every type."""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from application.ports.run_context import Heartbeat, RunContext
from application.ports.run_watch import RunWatch, Unwatched
from application.ports.unit_of_work import Transactions, UnitOfWork
from domain.action import Action, Run
from domain.api_key import KeyScope
from domain.errors import (
    CallbackFailed,
    DatabaseUnavailable,
    DeadlineExceeded,
    EsteiraError,
    JobNotFound,
    LeaseLost,
    Overtaken,
    RunCancelled,
    StorageUnavailable,
    UnexpectedError,
    WorkerStopping,
)
from domain.failure import Failure
from domain.ids import ActionId
from domain.job import OPERATIONS_QUEUE
from domain.report import Report
from domain.retry_policy import RetryPolicy

log = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What good work gives. `publish` runs inside the finish transaction: SQL alone, milliseconds."""

    result: Mapping[str, object]
    report: Report
    publish: Callable[[UnitOfWork, Run], None] | None = None


class ActionHandler(Protocol):
    """The work of one action type. It may be run twice for the same action, also at once: the fence decides."""

    def __call__(self, action: Action, context: RunContext) -> Outcome:
        """Do the work. Raises EsteiraError; `retryable` decides if it is tried again."""
        ...

    def clean_up(self, action: Action) -> None:
        """Drop what runs that are over have left behind. Called after every end; safe to repeat."""
        ...


ReadParams = Callable[[Mapping[str, object]], Mapping[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionType:
    """How actions of one type run.

    `read_params` returns what a client sent as the work wants it, with what was left out, or raises InvalidRequest with
    a pointer into it. Without it no client can start such actions. `scope` is what an API key needs to start one,
    besides what the address asks for. `params_schema` describes the params as JSON Schema. `prefix` is a path below
    which such an action can be started and followed as a long operation as well.
    """

    name: str
    queue: str
    timeout: timedelta
    retry: RetryPolicy
    handler: ActionHandler
    max_attempts: int = 4
    read_params: ReadParams | None = None
    scope: KeyScope = KeyScope.WRITE
    params_schema: Mapping[str, Any] | None = None
    summary: str = ""
    prefix: str | None = None

    @property
    def is_operation(self) -> bool:
        """True for what clients may also start, by its name or its prefix, as a long operation."""
        return self.read_params is not None and (self.queue == OPERATIONS_QUEUE or self.prefix is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAction:
    """Called by the queue's job functions with what the message says."""

    transactions: Transactions
    heartbeat: Heartbeat
    action_types: Mapping[str, ActionType]
    worker_name: str
    lease: timedelta
    watch: RunWatch = field(default_factory=Unwatched)

    def __call__(self, action_id: ActionId, dispatch_no: int) -> None:
        """Run the action unless the message is stale or someone else has it. Raises DatabaseUnavailable."""
        with self.watch.claiming():
            claimed = self._claim(action_id, dispatch_no)
        if claimed is None:
            log.info(
                "message is stale or its queue is paused, left alone",
                extra={"action": str(action_id), "dispatch_no": dispatch_no},
            )
            return
        with self.watch.running(claimed):
            self._run(claimed)

    def _run(self, claimed: Action) -> None:
        action_type = self.action_types[claimed.type]
        log.info("the run begins", extra={"type": claimed.type})
        try:
            with self.heartbeat.keep(claimed.run) as context:
                ended = self._work(action_type, claimed, context)
                with self.watch.publishing():
                    self._end_surely(context, action_type, ended)
        except LeaseLost:
            log.warning("the lease was lost, nothing is written", extra={"action": str(claimed.id)})
            self._count_refused(claimed)
        clean_up_each(self.transactions, self.action_types, [claimed])

    def _claim(self, action_id: ActionId, dispatch_no: int) -> Action | None:
        with self.transactions() as transaction:
            try:
                job = transaction.jobs.lock_of(action_id)
            except JobNotFound:
                return None
            now = transaction.now()
            action = job.action(action_id)
            if not action.may_be_claimed(dispatch_no=dispatch_no, now=now):
                return None
            if action.type not in self.action_types:
                log.error("this worker does not know actions of the type %s", action.type)
                return None
            if transaction.queues.is_paused(action.queue):
                # As if it had not been sent: the relay sends it again once the queue goes on.
                transaction.jobs.save(job.change(action_id, lambda a: a.resend(now=now)))
                transaction.commit()
                return None
            timeout = self.action_types[action.type].timeout
            job = job.change(
                action_id, lambda a: a.claim(worker=self.worker_name, now=now, lease=self.lease, timeout=timeout)
            )
            transaction.jobs.save(job)
            transaction.commit()
            return job.action(action_id)

    def _count_refused(self, action: Action) -> None:
        with suppress(DatabaseUnavailable), self.transactions() as transaction:
            transaction.jobs.count_refused(action)
            transaction.commit()

    def _work(self, action_type: ActionType, action: Action, context: RunContext) -> Outcome | EsteiraError:
        """Do the work; return what it gave or what stopped it. Lets LeaseLost through."""
        try:
            return action_type.handler(action, context)
        except LeaseLost:
            raise
        except EsteiraError as error:
            # The cause, a library's own words, is for the log alone.
            fields = {"action": str(action.id), "code": error.code}
            log.info("the run ended: %s", error.detail, extra=fields, exc_info=error.__cause__)
            return error
        except Exception:
            # Whatever a handler or a library raises must end the action, or it would look busy until its lease ends.
            log.exception("the run ended unexpectedly", extra={"action": str(action.id)})
            return UnexpectedError()

    def _end_surely(self, context: RunContext, action_type: ActionType, ended: Outcome | EsteiraError) -> None:
        """Write down how the run ended, waiting for a database that is away: work that is done must not be lost.

        A commit that failed may have been kept: then the lease is over, and the next try raises LeaseLost.
        """
        while True:
            try:
                return self._end(context.run, action_type, ended)
            except (RunCancelled, Overtaken) as refused:
                ended = refused
            except DatabaseUnavailable:
                log.warning(
                    "the run has ended, and waits for the database", extra={"action": str(context.run.action_id)}
                )
                if not context.pause(PAUSE_SECONDS):
                    raise

    def _end(self, run: Run, action_type: ActionType, ended: Outcome | EsteiraError) -> None:
        """Write down how the run ended, and publish what it made, in one short transaction.

        Raises RunCancelled, and Overtaken where the work has to be done again; nothing is kept then.
        """
        with self.transactions() as transaction:
            # Published before the lease is checked, as locks are taken on the document first, then on the job; a lost
            # lease rolls it back.
            if isinstance(ended, Outcome) and ended.publish:
                ended.publish(transaction, run)
            job = transaction.jobs.lock_of(run.action_id)
            action = job.action(run.action_id)
            action.require(run)
            if action.cancel_requested and isinstance(ended, Outcome):
                # Asked for since the last beat: the owner was told that it is being cancelled, so nothing is published.
                raise RunCancelled
            now = transaction.now()
            job = job.change(run.action_id, lambda a: transition(a, ended, action_type.retry, now))
            transaction.jobs.save(job)
            transaction.commit()
        log.info("the run has ended", extra={"status": str(job.action(run.action_id).status)})


def clean_up(transactions: Transactions, handler: ActionHandler, action: Action) -> None:
    """Clear up behind the action's last run and note that it was done. Raises DatabaseUnavailable: the sweeper will."""
    handler.clean_up(action)
    with transactions() as transaction:
        transaction.jobs.mark_clean(action.run)
        transaction.commit()


def clean_up_each(transactions: Transactions, action_types: Mapping[str, ActionType], actions: Sequence[Action]) -> int:
    """Clear up behind each of these; return behind how many. One that cannot be done now waits for the next sweep.

    What is of a type that is not known here waits for a process that knows it.
    """
    done = 0
    for action in (action for action in actions if action.type in action_types):
        try:
            clean_up(transactions, action_types[action.type].handler, action)
        except EsteiraError as error:
            log.warning("not cleared up: %s", error.detail, extra={"action": str(action.id)})
        else:
            done += 1
    return done


def transition(action: Action, ended: Outcome | EsteiraError, retry: RetryPolicy, now: datetime) -> Action:
    """Return the action after a run that ended so."""
    match ended:
        case Outcome():
            report = ended.report.finished(ended.report.message, at=now)
            return action.complete(now=now, result=ended.result, report=report)
        case RunCancelled():
            return action.cancel(now=now)
        case WorkerStopping() | Overtaken():
            return action.release(now=now)
        case DeadlineExceeded():
            return action.time_out(now=now)
        case CallbackFailed():
            patient = replace(retry, least_delay_seconds=ended.retry_after_seconds)
            return action.fail(Failure.from_error(ended), now=now, policy=patient)
        case StorageUnavailable() | DatabaseUnavailable():
            return action.fail(Failure.from_error(ended), now=now, policy=retry.for_outages())
        case _:
            return action.fail(Failure.from_error(ended), now=now, policy=retry)
