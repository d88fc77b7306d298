"""API keys and stream tokens in requests and answers."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, Field

from domain.api_key import MAX_NAME_CHARACTERS, ApiKey, KeyScope, KeyState, PlainKey
from interface.api.v1.schemas.values import Instant, RequestBody, SentInstant, Text


class NewKeyBody(RequestBody):
    """What the key is for, what it opens, and until when; without `expires_at` until it is revoked."""

    name: Annotated[Text, Field(min_length=1, max_length=MAX_NAME_CHARACTERS)]
    scopes: Annotated[list[Annotated[KeyScope, Field(strict=False)]], Field(min_length=1, max_length=len(KeyScope))]
    expires_at: SentInstant | None = None


class KeyBody(BaseModel):
    """What is known of a key. `last_used_at` may be a minute old."""

    key_id: UUID
    name: str
    scopes: list[KeyScope]
    state: KeyState
    created_at: Instant
    expires_at: Instant | None
    last_used_at: Instant | None
    revoked_at: Instant | None

    @classmethod
    def of(cls, key: ApiKey, *, now: datetime) -> Self:
        """Return what may be shown of it."""
        return cls(**_shown(key, now))


class CreatedKeyBody(KeyBody):
    """A new key. `key` is not shown again."""

    key: str

    @classmethod
    def with_secret(cls, key: ApiKey, plain: PlainKey, *, now: datetime) -> Self:
        """Return it with the key itself."""
        return cls(**_shown(key, now), key=plain.text)


class KeyList(BaseModel):
    """Keys, the youngest first; `next_cursor` is null on the last page."""

    items: list[KeyBody]
    next_cursor: str | None


class StreamTokenBody(RequestBody):
    """Which stream to open: the path of its URL. Left out, every event stream."""

    path: Annotated[Text, Field(max_length=500)] | None = None


class StreamTokenAnswer(BaseModel):
    """Send it as `?token=` when you open the stream, before `expires_at`."""

    token: str
    expires_at: Instant


def _shown(key: ApiKey, now: datetime) -> dict[str, Any]:
    shown = {name: getattr(key, name) for name in ("name", "created_at", "expires_at", "last_used_at", "revoked_at")}
    return shown | {"key_id": key.id, "scopes": sorted(key.scopes), "state": key.state(now=now)}
