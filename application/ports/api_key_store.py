"""Port: the API keys that were made. Their secrets are not among what is kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.api_key import ApiKey
from domain.ids import ApiKeyId, TenantId


class ApiKeyStore(Protocol):
    """Each call is a transaction of its own. Raises DatabaseUnavailable (retryable)."""

    def find(self, key_id: ApiKeyId) -> ApiKey | None:
        """Return a key of any tenant, revoked and expired ones as well."""
        ...

    def page(self, tenant_id: TenantId, *, before: ApiKeyId | None, limit: int) -> Sequence[ApiKey]:
        """Return keys of a tenant made before that one, newest first."""
        ...

    def revoke(self, tenant_id: TenantId, key_id: ApiKeyId, *, at: datetime) -> ApiKey:
        """Revoke, once and for all; return the key as it is now. Raises ApiKeyNotFound."""
        ...

    def used(self, key_id: ApiKeyId, *, at: datetime, unless_since: datetime) -> None:
        """Note the use, unless one was noted since that time: of many at once, one is written."""
        ...

    def has_valid(self, *, at: datetime) -> bool:
        """Tell whether there is a key, of any tenant, that is neither revoked nor expired."""
        ...
