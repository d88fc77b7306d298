"""Port: API keys that are being made, inside a transaction."""

from typing import Protocol

from domain.api_key import ApiKey
from domain.ids import ApiKeyId


class NewApiKeys(Protocol):
    """What ApiKeyStore finds once the transaction is committed."""

    def add(self, key: ApiKey) -> None:
        """Insert."""
        ...

    def get(self, key_id: ApiKeyId) -> ApiKey:
        """Return a key, revoked and expired ones as well. Raises ApiKeyNotFound."""
        ...
