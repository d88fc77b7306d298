"""Cursors of lists: opaque to clients, who pass them back as they came."""

import base64
import binascii
from uuid import UUID

from domain.errors import InvalidRequest
from domain.ids import ActionId, ApiKeyId, DocumentId, JobId

_ACTION, _DOCUMENT, _JOB, _KEY, _POSITION = b"a", b"d", b"j", b"k", b"p"
_POSITION_BYTES = 4


def document_cursor(document_id: DocumentId) -> str:
    """Return the cursor of the documents older than this one."""
    return _encode(_DOCUMENT + document_id.bytes)


def read_document_cursor(cursor: str | None) -> DocumentId | None:
    """Return the document of a cursor. Raises InvalidRequest."""
    return None if cursor is None else DocumentId(UUID(bytes=_decode(cursor, _DOCUMENT, 16)))


def action_cursor(action_id: ActionId) -> str:
    """Return the cursor of the actions older than this one."""
    return _encode(_ACTION + action_id.bytes)


def read_action_cursor(cursor: str | None) -> ActionId | None:
    """Return the action of a cursor. Raises InvalidRequest."""
    return None if cursor is None else ActionId(UUID(bytes=_decode(cursor, _ACTION, 16)))


def job_cursor(job_id: JobId) -> str:
    """Return the cursor of the jobs older than this one."""
    return _encode(_JOB + job_id.bytes)


def read_job_cursor(cursor: str | None) -> JobId | None:
    """Return the job of a cursor. Raises InvalidRequest."""
    return None if cursor is None else JobId(UUID(bytes=_decode(cursor, _JOB, 16)))


def key_cursor(key_id: ApiKeyId) -> str:
    """Return the cursor of the API keys older than this one."""
    return _encode(_KEY + key_id.bytes)


def read_key_cursor(cursor: str | None) -> ApiKeyId | None:
    """Return the API key of a cursor. Raises InvalidRequest."""
    return None if cursor is None else ApiKeyId(UUID(bytes=_decode(cursor, _KEY, 16)))


def position_cursor(position: int) -> str:
    """Return the cursor of what comes behind this position."""
    return _encode(_POSITION + position.to_bytes(_POSITION_BYTES, "big"))


def read_position_cursor(cursor: str | None) -> int:
    """Return the position of a cursor, -1 for the beginning. Raises InvalidRequest."""
    if cursor is None:
        return -1
    position = int.from_bytes(_decode(cursor, _POSITION, _POSITION_BYTES), "big", signed=True)
    if position < 0:
        raise _unknown()
    return position


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def _decode(cursor: str, kind: bytes, length: int) -> bytes:
    try:
        content = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as exc:
        raise _unknown() from exc
    if len(content) != length + 1 or not content.startswith(kind):
        raise _unknown()
    return content[1:]


def _unknown() -> InvalidRequest:
    sentence = "This is no cursor of this list: pass `next_cursor` back as it came, or leave it out to start anew."
    return InvalidRequest(sentence, pointer="/cursor")
