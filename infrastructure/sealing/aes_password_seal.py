"""The port PasswordSeal by AES-256-GCM. A key is made from a secret: the setting, else a file in the data directory."""

import hashlib
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.errors import SealBroken

_NONCE_BYTES = 12
_PURPOSE = b"esteira document passwords 1"  # the same secret may serve for something else, with another key


class AesPasswordSeal:
    """Implements application/ports/password_seal.py. The secret is asked for when it is first needed."""

    def __init__(self, load_secret: Callable[[], bytes]) -> None:
        self._load_secret = load_secret

    def seal(self, secret: str, owner_id: UUID) -> str:
        """Seal for an owner: a document, or an API key."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return urlsafe_b64encode(nonce + self._cipher().encrypt(nonce, secret.encode(), owner_id.bytes)).decode()

    def open(self, sealed: str, owner_id: UUID) -> str:
        """Open what was sealed for this owner."""
        try:
            data = urlsafe_b64decode(sealed)
            nonce, hidden = data[:_NONCE_BYTES], data[_NONCE_BYTES:]
            return self._cipher().decrypt(nonce, hidden, owner_id.bytes).decode()
        except (ValueError, InvalidTag) as exc:
            raise SealBroken from exc

    def _cipher(self) -> AESGCM:
        return AESGCM(hashlib.sha256(_PURPOSE + self._load_secret()).digest())
