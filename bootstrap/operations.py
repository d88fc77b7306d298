"""Wires the long operations."""

from datetime import timedelta

from application.run_action import ActionType
from application.use_cases.simulate_work import SIMULATE, SimulateWork, read_simulation
from bootstrap.settings import Settings
from domain.job import OPERATIONS_QUEUE
from domain.retry_policy import RetryPolicy

# Twice the longest that can be asked for.
SIMULATE_TIMEOUT = timedelta(seconds=600)


def operation_types(settings: Settings) -> tuple[ActionType, ...]:
    """Return how long operations run."""
    simulate = ActionType(
        name=SIMULATE,
        queue=OPERATIONS_QUEUE,
        timeout=SIMULATE_TIMEOUT,
        retry=RetryPolicy(first_delay_seconds=settings.retry_delay_seconds),
        handler=SimulateWork(),
        max_attempts=settings.max_attempts,
        read_params=read_simulation,
    )
    return (simulate,)
