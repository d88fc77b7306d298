"""Finds out whose stream token it is that came with a request."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from application.ports.api_key_store import ApiKeyStore
from domain.api_key import Caller, KeyScope
from domain.errors import NotAuthenticated
from domain.stream_token import StreamToken


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckStreamToken:
    """A token is worth no more than the key that it was got with: the one ends with the other."""

    keys: ApiKeyStore
    secret: Callable[[], bytes]
    clock: Callable[[], datetime]

    def __call__(self, text: str, *, path: str) -> Caller:
        """Return who may read at `path`. Raises NotAuthenticated."""
        now = self.clock()
        token = StreamToken.read(text, self.secret(), now=now)
        token.require_for(path)
        key = self.keys.find(token.key_id) if token.key_id else None
        if key is None:
            raise NotAuthenticated("This stream token was not got with an API key: get one with a key.")
        key.require_valid(now=now)
        return Caller(tenant_id=token.tenant_id, key_id=key.id, scopes=frozenset({KeyScope.READ}))
