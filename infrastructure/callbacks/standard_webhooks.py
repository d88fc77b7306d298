"""Signatures of callbacks, after the Standard Webhooks specification 1.0.0 (symmetric, `v1`)."""

import binascii
import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence

SECRET_PREFIX = "whsec_"  # noqa: S105 - what the specification has secrets begin with
LEAST_SECRET_BYTES = 24
MOST_SECRET_BYTES = 64


def read_secret(text: str) -> bytes:
    """Return the key of a secret as it is written, `whsec_` and Base64. Raises ValueError."""
    try:
        key = b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("not Base64") from error
    if not text.startswith(SECRET_PREFIX) or not LEAST_SECRET_BYTES <= len(key) <= MOST_SECRET_BYTES:
        raise ValueError("no secret of Standard Webhooks")
    return key


def write_secret(key: bytes) -> str:
    """Return the secret as receivers are given it."""
    return SECRET_PREFIX + b64encode(key).decode()


def derived_secret(secret: bytes) -> bytes:
    """Return the key for callbacks that belongs to the installation's secret."""
    return hmac.new(secret, b"esteira webhooks 1", hashlib.sha256).digest()


def signed_headers(keys: Sequence[bytes], *, message_id: str, timestamp: int, body: bytes) -> Mapping[str, str]:
    """Return the three headers. With several keys, as when they are changed, there is a signature by each."""
    content = f"{message_id}.{timestamp}.".encode() + body
    digests = (hmac.new(key, content, hashlib.sha256).digest() for key in keys)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{b64encode(digest).decode()}" for digest in digests),
    }
