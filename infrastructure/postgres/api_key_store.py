"""The API keys that were made."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, exists, func, insert, or_, select, update

from domain.api_key import ApiKey, KeyScope
from domain.errors import ApiKeyNotFound
from domain.ids import ApiKeyId, TenantId
from infrastructure.postgres.errors import database_errors
from infrastructure.postgres.tables import api_keys


class PostgresApiKeyStore:
    """Implements application/ports/api_key_store.py. Safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, key_id: ApiKeyId) -> ApiKey | None:
        """Return a key."""
        with database_errors(), self._engine.connect() as connection:
            row = connection.execute(select(api_keys).where(api_keys.c.id == key_id)).one_or_none()
        return _key_of(row) if row else None

    def page(self, tenant_id: TenantId, *, before: ApiKeyId | None, limit: int) -> Sequence[ApiKey]:
        """Read keys of a tenant."""
        query = select(api_keys).where(api_keys.c.tenant_id == tenant_id).order_by(api_keys.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(api_keys.c.id < before)
        with database_errors(), self._engine.connect() as connection:
            return [_key_of(row) for row in connection.execute(query)]

    def revoke(self, tenant_id: TenantId, key_id: ApiKeyId, *, at: datetime) -> ApiKey:
        """Set the time, the first time."""
        revoked = (
            update(api_keys)
            .where(api_keys.c.id == key_id, api_keys.c.tenant_id == tenant_id)
            .values(revoked_at=func.coalesce(api_keys.c.revoked_at, at))
            .returning(api_keys)
        )
        with database_errors(), self._engine.begin() as connection:
            row = connection.execute(revoked).one_or_none()
        if row is None:
            raise ApiKeyNotFound
        return _key_of(row)

    def used(self, key_id: ApiKeyId, *, at: datetime, unless_since: datetime) -> None:
        """Set the time, unless another request was first."""
        earlier = or_(api_keys.c.last_used_at.is_(None), api_keys.c.last_used_at <= unless_since)
        with database_errors(), self._engine.begin() as connection:
            connection.execute(update(api_keys).where(api_keys.c.id == key_id, earlier).values(last_used_at=at))

    def has_valid(self, *, at: datetime) -> bool:
        """Look for one."""
        in_time = or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > at)
        query = select(exists().where(api_keys.c.revoked_at.is_(None), in_time))
        with database_errors(), self._engine.connect() as connection:
            return bool(connection.execute(query).scalar_one())


class PostgresNewApiKeys:
    """Implements application/ports/new_api_keys.py."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, key: ApiKey) -> None:
        """Insert."""
        values = {name: getattr(key, name) for name in ApiKey.__dataclass_fields__} | {"scopes": sorted(key.scopes)}
        with database_errors():
            self._connection.execute(insert(api_keys).values(values))

    def get(self, key_id: ApiKeyId) -> ApiKey:
        """Return a key."""
        with database_errors():
            row = self._connection.execute(select(api_keys).where(api_keys.c.id == key_id)).one_or_none()
        if row is None:
            raise ApiKeyNotFound
        return _key_of(row)


def _key_of(row: Row[Any]) -> ApiKey:
    values = {name: getattr(row, name) for name in ApiKey.__dataclass_fields__}
    return ApiKey(**values | {"scopes": frozenset(KeyScope(scope) for scope in row.scopes)})
