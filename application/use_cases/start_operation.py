"""Starts a long operation: a job of one action, called by the action type's name."""

from collections.abc import Mapping
from dataclasses import dataclass

from application.run_action import ActionType
from application.started_job import StartedJob
from application.use_cases.start_job import StartJob, plan
from domain.api_key import Caller
from domain.errors import OperationNotFound
from domain.idempotent_request import IdempotentRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class StartOperation:
    """The operations are those action types of the queue `long_operations` that clients may start."""

    action_types: Mapping[str, ActionType]
    start_job: StartJob

    def __call__(
        self,
        operation: str,
        params: Mapping[str, object],
        *,
        caller: Caller,
        request: IdempotentRequest | None = None,
    ) -> StartedJob:
        """Return the job. Raises OperationNotFound, ScopeMissing, InvalidRequest, and what StartJob.start raises."""
        kind = self.known(operation)
        caller.require(kind.scope)
        planned = plan(kind, kind.read_params(params) if kind.read_params else params)
        return self.start_job.start([planned], request=request)

    def known(self, operation: str) -> ActionType:
        """Return the operation's action type. Raises OperationNotFound."""
        kind = self.action_types.get(operation)
        if kind is None or not kind.is_operation:
            names = sorted(name for name, each in self.action_types.items() if each.is_operation)
            raise OperationNotFound(f"There is no operation of this name. There are: {', '.join(names)}.")
        return kind
