"""Finds out whose API key it is that came with a request."""

import hmac
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from application.ports.api_key_store import ApiKeyStore
from domain.api_key import SECRET_BYTES, ApiKey, Caller, PlainKey
from domain.errors import DatabaseUnavailable, NotAuthenticated

# A key that is in use costs one write in this time: reading must not become writing.
USE_NOTED_EVERY = timedelta(minutes=1)
_NOBODYS = bytes(SECRET_BYTES)
_UNKNOWN = "This API key is not valid: send one whole, as `esteira keys create` printed it."


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckApiKey:
    """Looks the key up each time, so that one that was revoked is refused at once, in every process."""

    keys: ApiKeyStore
    clock: Callable[[], datetime]

    def __call__(self, text: str) -> Caller:
        """Return the holder. Raises NotAuthenticated; its sentence tells more only to who has the secret."""
        plain = PlainKey.read(text)
        if plain is None:
            raise NotAuthenticated(_UNKNOWN)
        key = self.keys.find(plain.id)
        # Ids that do not exist take as long as wrong secrets do.
        is_right = hmac.compare_digest(plain.secret_sha256, key.secret_sha256 if key else _NOBODYS)
        if key is None or not is_right:
            raise NotAuthenticated(_UNKNOWN)
        now = self.clock()
        key.require_valid(now=now)
        self._note_use(key, now)
        return Caller.of(key)

    def _note_use(self, key: ApiKey, now: datetime) -> None:
        if key.last_used_at is None or now - key.last_used_at >= USE_NOTED_EVERY:
            # A database that takes no writes for now can still be read.
            with suppress(DatabaseUnavailable):
                self.keys.used(key.id, at=now, unless_since=now - USE_NOTED_EVERY)
