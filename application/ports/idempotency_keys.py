"""Port: which request made which job, inside the transaction that makes it."""

from datetime import timedelta
from typing import Protocol

from domain.idempotent_request import IdempotentRequest
from domain.ids import JobId


class IdempotencyKeys(Protocol):
    """A key that another transaction has taken is not waited for."""

    def take(self, request: IdempotentRequest, *, lifetime: timedelta) -> JobId | None:
        """Return the job that this request made before, None for a new one; the key is this transaction's then.

        A key older than `lifetime` is new. Raises RequestInFlight where another transaction has the key, and
        IdempotencyKeyReused where it was another request's.
        """
        ...

    def keep(self, request: IdempotentRequest, job_id: JobId) -> None:
        """Note what a new request has made. The key must have been taken."""
        ...
