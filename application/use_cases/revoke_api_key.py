"""Takes API keys out of use."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from application.ports.api_key_store import ApiKeyStore
from domain.api_key import ApiKey
from domain.ids import ApiKeyId, TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeApiKey:
    """From here on no request with the key is let in; those that were let in before go on to their end."""

    keys: ApiKeyStore
    clock: Callable[[], datetime]

    def __call__(self, tenant_id: TenantId, key_id: ApiKeyId) -> ApiKey:
        """Return the key; one that was revoked before stays as it is. Raises ApiKeyNotFound."""
        return self.keys.revoke(tenant_id, key_id, at=self.clock())
