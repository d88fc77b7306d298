"""API keys: how one is written, what is kept of it, and what it opens."""

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from domain.errors import InvalidRequest, NotAuthenticated, ScopeMissing
from domain.ids import DEFAULT_TENANT, ApiKeyId, TenantId, new_uuid7

SECRET_BYTES = 32
MAX_NAME_CHARACTERS = 100
# One fixed form, so that programs which look for leaked secrets can know it.
_FORM = re.compile(r"est_([0-9a-f]{32})_([0-9a-f]{64})")


class KeyScope(StrEnum):
    """What a key opens. None contains another, but `admin`, which could make itself a key of any scope, opens all."""

    READ = "read"
    WRITE = "write"
    OPERATE = "operate"
    ADMIN = "admin"


class KeyState(StrEnum):
    """Whether a key opens anything."""

    VALID = "valid"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainKey:
    """A key as its holder has it: `est_<id>_<secret>`, both in hexadecimal. Nobody else keeps the secret."""

    id: ApiKeyId
    secret: str = field(repr=False)

    @classmethod
    def new(cls) -> Self:
        """Return a key of 256 random bits."""
        return cls(id=ApiKeyId(new_uuid7()), secret=secrets.token_hex(SECRET_BYTES))

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Return the key that is written there, None if that is no key."""
        written = _FORM.fullmatch(text)
        return cls(id=ApiKeyId(UUID(hex=written[1])), secret=written[2]) if written else None

    @property
    def text(self) -> str:
        """The key as it is sent."""
        return f"est_{self.id.hex}_{self.secret}"

    @property
    def secret_sha256(self) -> bytes:
        """What may be stored: 256 random bits need no slow hash."""
        return hashlib.sha256(self.secret.encode("ascii")).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """What is kept of a key. `last_used_at` may be a minute old."""

    id: ApiKeyId
    tenant_id: TenantId
    name: str
    scopes: frozenset[KeyScope]
    secret_sha256: bytes = field(repr=False)
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None

    def __post_init__(self) -> None:
        """Raise InvalidRequest for a key that nobody could tell from others, or that would open nothing."""
        if not self.name.isprintable() or not self.name.strip() or len(self.name) > MAX_NAME_CHARACTERS:
            raise InvalidRequest(
                f"Give the key a name of 1 to {MAX_NAME_CHARACTERS} printable characters.", pointer="/name"
            )
        if not self.scopes:
            raise InvalidRequest("Give the key one scope or more.", pointer="/scopes")
        if self.expires_at is not None and self.expires_at <= self.created_at:
            raise InvalidRequest("The key would have expired already: give a time to come.", pointer="/expires_at")

    def state(self, *, now: datetime) -> KeyState:
        """Tell whether it opens anything; at `expires_at` it does not any more."""
        if self.revoked_at is not None:
            return KeyState.REVOKED
        return KeyState.EXPIRED if self.expires_at is not None and now >= self.expires_at else KeyState.VALID

    def require_valid(self, *, now: datetime) -> None:
        """Raise NotAuthenticated once it was revoked or has expired."""
        state = self.state(now=now)
        if state is KeyState.REVOKED:
            raise NotAuthenticated("This API key was revoked: use another one.")
        if state is KeyState.EXPIRED:
            raise NotAuthenticated("This API key has expired: use another one.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, and what they may. Without keys in use there is no key, and everything is allowed."""

    tenant_id: TenantId = DEFAULT_TENANT
    key_id: ApiKeyId | None = None
    scopes: frozenset[KeyScope] = frozenset({KeyScope.ADMIN})

    @classmethod
    def of(cls, key: ApiKey) -> Self:
        """Return the holder of a key."""
        return cls(tenant_id=key.tenant_id, key_id=key.id, scopes=key.scopes)

    def may(self, scope: KeyScope) -> bool:
        """Tell whether this scope is open to them."""
        return not self.scopes.isdisjoint({scope, KeyScope.ADMIN})

    def require(self, scope: KeyScope) -> None:
        """Raise ScopeMissing unless this scope is open to them."""
        if not self.may(scope):
            raise ScopeMissing(f"This API key does not have the scope `{scope}`: use one that has.")
