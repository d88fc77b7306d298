"""Signed, expiring URLs of the local store: an HMAC over method, key and every parameter."""

import hashlib
import hmac
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlencode

_KEY_BYTES = 32
_PURPOSE = "esteira local store 1"  # a signature made for anything else with the same key is worth nothing here

Query = Sequence[tuple[str, str]]


class UrlInvalidError(Exception):
    """The URL is incomplete or was altered: ask for a new one and use it as it is."""


class UrlExpiredError(Exception):
    """The URL has expired: ask for a new one."""


class QuerySigner:
    """Signs queries with `signing_key`. Whoever has the key can read and write every object."""

    def __init__(self, signing_key: bytes) -> None:
        if len(signing_key) < _KEY_BYTES:
            raise ValueError(f"the signing key needs {_KEY_BYTES} bytes")
        self._signing_key = signing_key

    def signed(self, method: str, key: str, parameters: Query, *, expires: int) -> str:
        """Return the query string for `method` on `key`, good until `expires` (seconds since 1970)."""
        query = [*parameters, ("expires", str(expires))]
        return urlencode([*query, ("signature", self._signature(method, key, query))])

    def verified(self, method: str, key: str, query: Query, *, now: float) -> dict[str, str]:
        """Return the parameters that were signed. Raises UrlInvalidError, else UrlExpiredError."""
        *signed, (last, signature) = query or [("", "")]
        expected = self._signature(method, key, signed)
        if last != "signature" or not hmac.compare_digest(expected.encode(), signature.encode(errors="replace")):
            raise UrlInvalidError
        parameters = dict(signed)
        if now >= int(parameters["expires"]):
            raise UrlExpiredError
        return parameters

    def _signature(self, method: str, key: str, query: Query) -> str:
        message = f"{_PURPOSE}\n{method}\n{key}\n{urlencode(query, errors='replace')}"
        return hmac.new(self._signing_key, message.encode(), hashlib.sha256).hexdigest()


def load_or_create_signing_key(path: Path) -> bytes:
    """Return the 32 bytes in `path`, made at random (mode 0600) if there is none; safe in two processes at once."""
    try:
        return _checked(path)
    except FileNotFoundError:
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        _write_new(draft, secrets.token_bytes(_KEY_BYTES))
        os.link(draft, path)  # unlike a rename it fails where another process was first, and theirs is the key
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)
    return _checked(path)


def _checked(path: Path) -> bytes:
    signing_key = path.read_bytes()
    if len(signing_key) != _KEY_BYTES:
        raise ValueError(
            f"{path} does not hold {_KEY_BYTES} bytes: delete it, and a new key is made (open URLs then end)"
        )
    return signing_key


def _write_new(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
