"""Which request made what."""

from datetime import timedelta

from sqlalchemy import Connection, func, select, text
from sqlalchemy.dialects.postgresql import insert

from domain.errors import IdempotencyKeyReused, RequestInFlight
from domain.idempotent_request import IdempotentRequest, Made
from domain.ids import JobId
from infrastructure.postgres.errors import database_errors
from infrastructure.postgres.tables import idempotency_keys

# Two keys of one hash are told apart by their rows; at worst one of them is asked to come again.
TAKE = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))")


class PostgresIdempotencyKeys:
    """Implements application/ports/idempotency_keys.py."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def take(self, request: IdempotentRequest, *, lifetime: timedelta) -> Made | None:
        """Look; then take the lock, and look again: who had it may have committed meanwhile."""
        return self._made(request, lifetime) or self.hold(request, lifetime=lifetime)

    def hold(self, request: IdempotentRequest, *, lifetime: timedelta) -> Made | None:
        """Take the lock that stands for the key, then look."""
        name = f"idempotency {request.tenant_id} {request.key}"
        with database_errors():
            if not self._connection.execute(TAKE, {"name": name}).scalar_one():
                raise RequestInFlight
        return self._made(request, lifetime)

    def keep(self, request: IdempotentRequest, made: Made) -> None:
        """Write the row, over one that is too old."""
        named = {"tenant_id": request.tenant_id, "key": request.key}
        noted = {
            "fingerprint": request.fingerprint,
            "job_id": made.job_id,
            "details": made.details,
            "created_at": func.clock_timestamp(),
        }
        written = insert(idempotency_keys).values(named | noted)
        with database_errors():
            self._connection.execute(written.on_conflict_do_update(index_elements=[*named], set_=noted))

    def _made(self, request: IdempotentRequest, lifetime: timedelta) -> Made | None:
        kept = select(idempotency_keys).where(
            idempotency_keys.c.tenant_id == request.tenant_id,
            idempotency_keys.c.key == request.key,
            idempotency_keys.c.created_at > func.clock_timestamp() - lifetime,
        )
        with database_errors():
            row = self._connection.execute(kept).one_or_none()
        if row is None:
            return None
        if row.fingerprint != request.fingerprint:
            raise IdempotencyKeyReused
        return Made(job_id=JobId(row.job_id) if row.job_id else None, details=row.details)
