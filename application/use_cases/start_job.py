"""Starts a job of one or more actions, each of which runs on its own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from application.ports.unit_of_work import Transactions
from application.run_action import ActionType
from domain.errors import InvalidRequest, UnknownActionType
from domain.job import Job, PlannedAction, new_job


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedAction:
    """What a client wants done; `params` are as they came."""

    type: str
    params: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class StartJob:
    """Enqueues any mix of the action types that clients may start."""

    transactions: Transactions
    action_types: Mapping[str, ActionType]
    wake_relay: Callable[[], None]

    def __call__(self, requested: Sequence[RequestedAction]) -> Job:
        """Return the new job. Raises UnknownActionType, InvalidRequest, DatabaseUnavailable."""
        return self.start([self._plan(action, f"/actions/{number}") for number, action in enumerate(requested)])

    def start(self, planned: Sequence[PlannedAction]) -> Job:
        """Enqueue what was found right. Raises DatabaseUnavailable."""
        with self.transactions() as transaction:
            job = new_job(planned, now=transaction.now())
            transaction.jobs.add(job)
            transaction.commit()
        self.wake_relay()
        return job

    def _plan(self, action: RequestedAction, pointer: str) -> PlannedAction:
        kind = self.action_types.get(action.type)
        if kind is None or kind.read_params is None:
            known = sorted(name for name, each in self.action_types.items() if each.read_params)
            sentence = f"There is no such action type: send one of {', '.join(known)}."
            raise UnknownActionType(sentence, pointer=f"{pointer}/type")
        try:
            return plan(kind, kind.read_params(action.params))
        except InvalidRequest as error:
            raise InvalidRequest(error.detail, pointer=f"{pointer}/params{error.pointer or ''}") from error


def plan(kind: ActionType, params: Mapping[str, object]) -> PlannedAction:
    """Return the action of that type."""
    return PlannedAction(type=kind.name, queue=kind.queue, params=params, max_attempts=kind.max_attempts)
