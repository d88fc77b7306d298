"""Identities: UUIDs of version 7 (RFC 9562 §5.7), so that newer rows sort after older ones."""

import hashlib
import secrets
import time
from typing import NewType
from uuid import UUID

TenantId = NewType("TenantId", UUID)
DocumentId = NewType("DocumentId", UUID)
JobId = NewType("JobId", UUID)
ActionId = NewType("ActionId", UUID)
ChunkId = NewType("ChunkId", UUID)
UploadId = NewType("UploadId", UUID)
ApiKeyId = NewType("ApiKeyId", UUID)

DEFAULT_TENANT = TenantId(UUID("00000000-0000-7000-8000-000000000001"))


def new_uuid7() -> UUID:
    """Return a fresh UUIDv7: 48 bits of Unix milliseconds, then 74 random bits."""
    return _uuid7(time.time_ns() // 1_000_000, secrets.randbits(74))


def derived_uuid7(source: UUID, *names: str) -> UUID:
    """Return the same UUIDv7 for the same names: the time of `source`, and 74 bits of a hash of all."""
    text = "\n".join((str(source), *names))
    digest = hashlib.sha256(text.encode(errors="surrogatepass")).digest()
    return _uuid7(source.int >> 80, int.from_bytes(digest) >> (256 - 74))


def _uuid7(milliseconds: int, random_bits: int) -> UUID:
    value = milliseconds << 80 | 0x7 << 76 | (random_bits >> 62) << 64 | 0b10 << 62 | random_bits & (1 << 62) - 1
    return UUID(int=value)
