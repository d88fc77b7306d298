"""Port: which request made what, inside the transaction that makes it."""

from datetime import timedelta
from typing import Protocol

from domain.idempotent_request import IdempotentRequest, Made


class IdempotencyKeys(Protocol):
    """A key that another transaction has taken is not waited for."""

    def take(self, request: IdempotentRequest, *, lifetime: timedelta) -> Made | None:
        """Return what this request made before, None for a new one; the key is this transaction's then.

        A key older than `lifetime` is new. Raises RequestInFlight where another transaction has the key, and
        IdempotencyKeyReused where it was another request's.
        """
        ...

    def hold(self, request: IdempotentRequest, *, lifetime: timedelta) -> Made | None:
        """As `take`, and the key is this transaction's in any case: for what may have made a part of its things."""
        ...

    def keep(self, request: IdempotentRequest, made: Made) -> None:
        """Note what the request has made, in place of what was noted before. The key must have been taken."""
        ...
