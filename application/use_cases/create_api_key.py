"""Makes API keys."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from application.ports.password_seal import PasswordSeal
from application.ports.unit_of_work import Transactions, UnitOfWork
from domain.api_key import ApiKey, KeyScope, PlainKey
from domain.errors import ApiKeyUnreadable, InvalidRequest, SealBroken
from domain.idempotent_request import KEY_LIFETIME, IdempotentRequest, Made
from domain.ids import ApiKeyId, TenantId
from domain.instants import LATEST_INSTANT


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedKey:
    """What is kept of a key, and the key itself; `is_replayed` where the same request had made it before."""

    key: ApiKey
    plain: PlainKey
    is_replayed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateApiKey:
    """Stores the hash of a fresh secret; the secret itself is known to whoever called, and to nobody else.

    For an idempotent request, whose answer may be lost, the secret is kept sealed beside its idempotency key.
    """

    transactions: Transactions
    seal: PasswordSeal
    clock: Callable[[], datetime]
    key_lifetime: timedelta = KEY_LIFETIME

    def __call__(
        self,
        tenant_id: TenantId,
        *,
        name: str,
        scopes: Iterable[KeyScope],
        expires_at: datetime | None,
        request: IdempotentRequest | None = None,
    ) -> CreatedKey:
        """Return the key. Raises InvalidRequest, RequestInFlight, IdempotencyKeyReused, ApiKeyUnreadable."""
        # Not where keys are read as well: one that was made with a later time can still be listed and revoked.
        if expires_at is not None and expires_at > LATEST_INSTANT:
            raise InvalidRequest("Send a time up to 9999-12-31T00:00:00Z, or none.", pointer="/expires_at")
        with self.transactions() as transaction:
            keys = transaction.idempotency_keys
            if request and (made := keys.take(request, lifetime=self.key_lifetime)):
                return self._again(transaction, made)
            plain = PlainKey.new()
            key = ApiKey(
                id=plain.id,
                tenant_id=tenant_id,
                name=name,
                scopes=frozenset(scopes),
                secret_sha256=plain.secret_sha256,
                created_at=self.clock(),
                expires_at=expires_at,
            )
            transaction.api_keys.add(key)
            if request:
                sealed = self.seal.seal(plain.secret, plain.id)
                keys.keep(request, Made(details={"key_id": str(plain.id), "sealed_secret": sealed}))
            transaction.commit()
        return CreatedKey(key=key, plain=plain)

    def _again(self, transaction: UnitOfWork, made: Made) -> CreatedKey:
        key = transaction.api_keys.get(ApiKeyId(UUID(str(made.details["key_id"]))))
        try:
            secret = self.seal.open(str(made.details["sealed_secret"]), key.id)
        except SealBroken as broken:
            raise ApiKeyUnreadable from broken
        return CreatedKey(key=key, plain=PlainKey(id=key.id, secret=secret), is_replayed=True)
