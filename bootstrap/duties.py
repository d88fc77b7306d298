"""Wires the duties that processes keep up beside their work, so that nothing is lost or stuck."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from application.ports.worker_registry import WorkerProcess
from application.use_cases.clean_up_ended_runs import CleanUpEndedRuns
from application.use_cases.reap_expired_runs import ReapExpiredRuns
from application.use_cases.resend_lost_messages import ResendLostMessages
from application.use_cases.send_due_actions import MOST_A_TURN, SendDueActions
from bootstrap.parts import Parts
from infrastructure.postgres.counters import PostgresCounterFold
from infrastructure.postgres.worker_registry import PostgresWorkerRegistry
from infrastructure.queue.duties import Duty


def wire_relay(parts: Parts) -> Duty:
    """Return the duty that sends what is due: each second, and at once after a commit or while there is more."""
    timeouts = {name: kind.timeout.total_seconds() for name, kind in parts.action_types.items()}
    send = SendDueActions(transactions=parts.transactions, doorbell=parts.doorbell, action_timeouts=timeouts)
    return Duty(name="relay", every_seconds=parts.settings.relay_seconds, call=lambda: send() >= MOST_A_TURN)


def wire_recovery(parts: Parts) -> list[Duty]:
    """Return the duties that find what was lost."""
    settings = parts.settings
    lease = timedelta(seconds=settings.lease_seconds)
    reap = ReapExpiredRuns(transactions=parts.transactions, action_types=parts.action_types, lease=lease)
    sweep = CleanUpEndedRuns(transactions=parts.transactions, action_types=parts.action_types)
    resend = ResendLostMessages(
        transactions=parts.transactions, doorbell=parts.doorbell, patience_seconds=settings.reconcile_seconds
    )
    return [
        Duty(name="reaper", every_seconds=settings.reap_seconds, call=reap),
        Duty(name="reconciler", every_seconds=settings.reconcile_seconds, call=resend),
        Duty(name="sweeper", every_seconds=settings.reconcile_seconds, call=sweep),
        Duty(name="counter", every_seconds=settings.reconcile_seconds, call=PostgresCounterFold(parts.engine).fold),
    ]


def wire_presence(parts: Parts, worker: WorkerProcess) -> tuple[Duty, Callable[[], None]]:
    """Return the duty that tells of a worker that it lives, and what to call when it ends."""
    registry = PostgresWorkerRegistry(parts.engine)
    duty = Duty(name="presence", every_seconds=parts.settings.beat_seconds, call=partial(registry.seen, worker))
    return duty, partial(registry.gone, worker)
