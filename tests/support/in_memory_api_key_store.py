"""The port ApiKeyStore in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from domain.api_key import ApiKey, KeyState
from domain.errors import ApiKeyNotFound, DatabaseUnavailable
from domain.ids import ApiKeyId, TenantId


@dataclass
class InMemoryApiKeyStore:
    kept: dict[ApiKeyId, ApiKey] = field(default_factory=dict)
    writes: int = 0
    is_down: bool = False
    is_read_only: bool = False

    def add(self, key: ApiKey) -> None:
        self._require_up(writing=True)
        self.kept[key.id] = key

    def get(self, key_id: ApiKeyId) -> ApiKey:
        found = self.find(key_id)
        if found is None:
            raise ApiKeyNotFound
        return found

    def find(self, key_id: ApiKeyId) -> ApiKey | None:
        self._require_up()
        return self.kept.get(key_id)

    def page(self, tenant_id: TenantId, *, before: ApiKeyId | None, limit: int) -> Sequence[ApiKey]:
        self._require_up()
        newest_first = sorted(self.kept.values(), key=lambda key: key.id, reverse=True)
        return [key for key in newest_first if key.tenant_id == tenant_id and (before is None or key.id < before)][
            :limit
        ]

    def revoke(self, tenant_id: TenantId, key_id: ApiKeyId, *, at: datetime) -> ApiKey:
        self._require_up(writing=True)
        key = self.kept.get(key_id)
        if key is None or key.tenant_id != tenant_id:
            raise ApiKeyNotFound
        self.kept[key_id] = replace(key, revoked_at=key.revoked_at or at)
        return self.kept[key_id]

    def used(self, key_id: ApiKeyId, *, at: datetime, unless_since: datetime) -> None:
        self._require_up(writing=True)
        key = self.kept[key_id]
        if key.last_used_at is None or key.last_used_at <= unless_since:
            self.kept[key_id] = replace(key, last_used_at=at)
            self.writes += 1

    def has_valid(self, *, at: datetime) -> bool:
        self._require_up()
        return any(key.state(now=at) is KeyState.VALID for key in self.kept.values())

    def _require_up(self, *, writing: bool = False) -> None:
        if self.is_down or (writing and self.is_read_only):
            raise DatabaseUnavailable
