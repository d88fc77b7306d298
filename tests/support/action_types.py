"""Action types to test jobs of several actions with."""

from collections.abc import Mapping
from datetime import timedelta

from application.run_action import ActionHandler, ActionType
from bootstrap.operations import operation_types
from bootstrap.settings import Settings
from domain.cleanup import CLEANUP, CLEANUP_QUEUE
from domain.job import ARTIFACTS_QUEUE, OPERATIONS_QUEUE
from domain.retry_policy import RetryPolicy
from tests.support.action_stage import Work


def an_action_type(name: str, *, queue: str = OPERATIONS_QUEUE, handler: ActionHandler | None = None) -> ActionType:
    """Return a type that takes whatever params there are."""
    return ActionType(
        name=name,
        queue=queue,
        timeout=timedelta(minutes=1),
        retry=RetryPolicy(first_delay_seconds=0.1),
        handler=handler or Work(),
        read_params=lambda params: params,
    )


def known_types() -> Mapping[str, ActionType]:
    """Return the operations that are built in, one of another queue, and one that no client may start."""
    inside = ActionType(
        name=CLEANUP, queue=CLEANUP_QUEUE, timeout=timedelta(minutes=1), retry=RetryPolicy(), handler=Work()
    )
    draw = an_action_type("draw", queue=ARTIFACTS_QUEUE)
    operations = (*operation_types(Settings(_env_file=None)), an_action_type("other"))
    return {kind.name: kind for kind in (*operations, draw, inside)}
