"""Conditional requests (RFC 9110 §8.8.3, §13.1.2).

The tags are weak: place in the queue and estimate may differ under one version. What keeps a document waiting (its
queue is paused, or nobody serves it) is part of the version.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence

from starlette.responses import Response

from application.state_version import StateVersion
from domain.ids import DocumentId

CACHE_CONTROL = "private, no-cache"
_TAG = re.compile(r'(?:W/)?("[^"]*")')


def etag_of(version: StateVersion) -> str:
    """Return the tag of the status of one document or job."""
    return f'W/"{version}"'


def etag_of_many(document_ids: Sequence[DocumentId], versions: Mapping[DocumentId, StateVersion]) -> str:
    """Return the tag of the status of several documents, in this order; those that are missing count too."""
    lines = "\n".join(f"{document_id} {versions.get(document_id)}" for document_id in document_ids)
    return f'W/"{hashlib.sha256(lines.encode()).hexdigest()[:32]}"'


def matches(if_none_match: str | None, etag: str) -> bool:
    """Tell whether the client has this state already, by weak comparison."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or etag.removeprefix("W/") in _TAG.findall(if_none_match)


def unchanged(etag: str) -> Response:
    """Return the answer to who has this version already."""
    return Response(status_code=304, headers={"ETag": etag, "Cache-Control": CACHE_CONTROL})
