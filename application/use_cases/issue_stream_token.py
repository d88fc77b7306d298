"""Gives out tokens by which browsers open event streams."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.api_key import Caller
from domain.stream_token import StreamToken

# Long enough to open a stream, too short to be of use in a log.
LIFETIME = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueStreamToken:
    """Signs what the caller may; nothing is stored."""

    secret: Callable[[], bytes]
    clock: Callable[[], datetime]

    def __call__(self, caller: Caller, *, path: str | None) -> tuple[str, datetime]:
        """Return the token for the stream at `path`, None: for each of the tenant, and when it ends."""
        expires_at = self.clock() + LIFETIME
        token = StreamToken(tenant_id=caller.tenant_id, key_id=caller.key_id, path=path, expires_at=expires_at)
        return token.signed(self.secret()), expires_at
