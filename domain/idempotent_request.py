"""A request that its client may send again without anything being done twice.

After the IETF draft "The Idempotency-Key HTTP Header Field" (draft-ietf-httpapi-idempotency-key-header).
"""

from dataclasses import dataclass

from domain.ids import TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotentRequest:
    """`key` is the client's name for it; `fingerprint` is a hash of all that the request says."""

    tenant_id: TenantId
    key: str
    fingerprint: bytes
