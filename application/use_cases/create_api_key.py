"""Makes API keys."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from application.ports.api_key_store import ApiKeyStore
from domain.api_key import ApiKey, KeyScope, PlainKey
from domain.ids import TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateApiKey:
    """Stores the hash of a fresh secret; the secret itself is known to whoever called, and to nobody else."""

    keys: ApiKeyStore
    clock: Callable[[], datetime]

    def __call__(
        self, tenant_id: TenantId, *, name: str, scopes: Iterable[KeyScope], expires_at: datetime | None
    ) -> tuple[ApiKey, PlainKey]:
        """Return what is kept, and the key itself, for the only time. Raises InvalidRequest."""
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
        self.keys.add(key)
        return key, plain
