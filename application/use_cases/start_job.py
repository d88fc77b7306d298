"""Starts a job of one or more actions, each of which runs on its own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from application.ports.unit_of_work import Transactions
from application.run_action import ActionType
from application.started_job import StartedJob, keep_started, started_before
from domain.api_key import Caller
from domain.callback import CallbackRules
from domain.errors import InvalidRequest, UnknownActionType
from domain.idempotent_request import IdempotentRequest
from domain.job import PlannedAction, new_job


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedAction:
    """What a client wants done; `params` are as they came."""

    type: str
    params: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class StartJob:
    """Enqueues any mix of the action types that clients may start, once for each idempotent request."""

    transactions: Transactions
    action_types: Mapping[str, ActionType]
    wake_relay: Callable[[], None]
    key_lifetime: timedelta
    callbacks: CallbackRules = field(default_factory=CallbackRules)

    def __call__(
        self,
        requested: Sequence[RequestedAction],
        *,
        caller: Caller,
        callback_url: str | None = None,
        request: IdempotentRequest | None = None,
    ) -> StartedJob:
        """Return the job.

        Raises UnknownActionType, ScopeMissing, InvalidRequest, CallbackRefused, and what `start` raises.
        """
        if callback_url is not None:
            self.callbacks.require(callback_url)
        planned = [self._plan(action, caller, f"/actions/{number}") for number, action in enumerate(requested)]
        return self.start(planned, callback_url=callback_url, request=request)

    def start(
        self, planned: Sequence[PlannedAction], *, callback_url: str | None = None, request: IdempotentRequest | None
    ) -> StartedJob:
        """Enqueue what was found right. Raises RequestInFlight, IdempotencyKeyReused, DatabaseUnavailable."""
        with self.transactions() as transaction:
            if known := started_before(transaction, request, lifetime=self.key_lifetime):
                return known
            job = new_job(planned, now=transaction.now(), callback_url=callback_url)
            transaction.jobs.add(job)
            keep_started(transaction, request, job)
            transaction.commit()
        self.wake_relay()
        return StartedJob(job=job)

    def known(self, request: IdempotentRequest | None) -> StartedJob | None:
        """Return the job that the request has started before, if it has. Raises what `start` raises."""
        with self.transactions() as transaction:
            return started_before(transaction, request, lifetime=self.key_lifetime)

    def _plan(self, action: RequestedAction, caller: Caller, pointer: str) -> PlannedAction:
        kind = self.action_types.get(action.type)
        if kind is None or kind.read_params is None:
            known = sorted(name for name, each in self.action_types.items() if each.read_params)
            sentence = f"There is no such action type: send one of {', '.join(known)}."
            raise UnknownActionType(sentence, pointer=f"{pointer}/type")
        caller.require(kind.scope)
        try:
            return plan(kind, kind.read_params(action.params))
        except InvalidRequest as error:
            raise InvalidRequest(error.detail, pointer=f"{pointer}/params{error.pointer or ''}") from error


def plan(kind: ActionType, params: Mapping[str, object]) -> PlannedAction:
    """Return the action of that type."""
    return PlannedAction(type=kind.name, queue=kind.queue, params=params, max_attempts=kind.max_attempts)
