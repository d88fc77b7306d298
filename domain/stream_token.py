"""Stream tokens: short-lived, signed, for event streams that browsers open without headers."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self
from uuid import UUID

from domain.errors import NotAuthenticated
from domain.ids import ApiKeyId, TenantId

# A signature made for anything else with the same secret is worth nothing here.
_PURPOSE = b"esteira stream token 1\n"
_REFUSED = "This stream token is not valid: get a new one from POST /api/v1/stream-tokens."


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamToken:
    """Lets the holder of a key open event streams of their tenant: that at `path`, None: any."""

    tenant_id: TenantId
    key_id: ApiKeyId | None
    path: str | None
    expires_at: datetime

    def signed(self, secret: bytes) -> str:
        """Return the token as it is sent; it is no secret what is in it, only that nobody else can make it."""
        key_id = self.key_id.hex if self.key_id else None
        claims = [self.tenant_id.hex, key_id, self.path, self.expires_at.timestamp()]
        content = base64.urlsafe_b64encode(json.dumps(claims).encode("ascii"))
        return f"{content.decode('ascii')}.{_signature(content, secret)}"

    @classmethod
    def read(cls, text: str, secret: bytes, *, now: datetime) -> Self:
        """Return the token that is written there. Raises NotAuthenticated unless it is ours and in time."""
        written, _, signature = text.encode(errors="replace").partition(b".")
        if not hmac.compare_digest(_signature(written, secret).encode("ascii"), signature):
            raise NotAuthenticated(_REFUSED)
        tenant_id, key_id, path, expires = json.loads(base64.urlsafe_b64decode(written))
        token = cls(
            tenant_id=TenantId(UUID(tenant_id)),
            key_id=ApiKeyId(UUID(key_id)) if key_id else None,
            path=path,
            expires_at=datetime.fromtimestamp(expires, UTC),
        )
        if now >= token.expires_at:
            raise NotAuthenticated("This stream token has expired: get a new one from POST /api/v1/stream-tokens.")
        return token

    def require_for(self, path: str) -> None:
        """Raise NotAuthenticated unless it opens this path."""
        if self.path not in (None, path):
            raise NotAuthenticated("This stream token is for another event stream: get one for this.")


def _signature(content: bytes, secret: bytes) -> str:
    return hmac.new(secret, _PURPOSE + content, hashlib.sha256).hexdigest()
