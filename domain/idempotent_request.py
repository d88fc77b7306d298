"""A request that its client may send again without anything being done twice, and what it has made.

After the IETF draft "The Idempotency-Key HTTP Header Field" (draft-ietf-httpapi-idempotency-key-header).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from domain.ids import JobId, TenantId

KEY_LIFETIME = timedelta(hours=24)
# What clients of /generate count on, whatever the setting says.
GENERATE_KEY_LIFETIME = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotentRequest:
    """`key` is the client's name for it; `fingerprint` is a hash of all that the request says."""

    tenant_id: TenantId
    key: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a request has made, so far as it takes to answer it again. A job is kept for as long as the key is."""

    job_id: JobId | None = None
    details: Mapping[str, object] = field(default_factory=dict)
