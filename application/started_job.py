"""A job that a request has started, once however often the request is sent."""

from dataclasses import dataclass
from datetime import timedelta

from application.ports.unit_of_work import UnitOfWork
from domain.idempotent_request import IdempotentRequest, Made
from domain.job import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedJob:
    """A job; `is_replayed` where the same request had started it before."""

    job: Job
    is_replayed: bool = False


def started_before(
    transaction: UnitOfWork, request: IdempotentRequest | None, *, lifetime: timedelta
) -> StartedJob | None:
    """Return what the request started before; None for a new one, whose key is this transaction's then.

    Raises RequestInFlight, IdempotencyKeyReused.
    """
    made = transaction.idempotency_keys.take(request, lifetime=lifetime) if request else None
    if made is None or made.job_id is None:
        return None
    return StartedJob(job=transaction.jobs.lock(made.job_id), is_replayed=True)


def keep_started(transaction: UnitOfWork, request: IdempotentRequest | None, job: Job) -> None:
    """Note which job the request has started."""
    if request:
        transaction.idempotency_keys.keep(request, Made(job_id=job.id))
