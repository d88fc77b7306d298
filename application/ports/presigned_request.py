"""What both halves of the object store's port give to clients."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PresignedRequest:
    """A request that a client may make by itself: send exactly `headers` (Content-Length is the client's own)."""

    method: str
    url: str
    headers: Mapping[str, str]
    expires_at: datetime
