"""BlobStore for tests of use cases: nothing is served, so a test uploads with `put`."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from application.ports.blob_store import BlobInfo, PresignedRequest
from domain.errors import BlobChanged, BlobNotFound, StorageUnavailable


@dataclass
class InMemoryBlobStore:
    objects: dict[str, tuple[bytes, BlobInfo]] = field(default_factory=dict)
    is_down: bool = False
    """True makes every method that does I/O raise StorageUnavailable."""

    def put(self, key: str, content: bytes, content_type: str) -> str:
        """Store as a client with an upload URL would; return the etag."""
        etag = f'"{hashlib.sha256(content).hexdigest()}"'
        self.objects[key] = (content, BlobInfo(size_bytes=len(content), content_type=content_type, etag=etag))
        return etag

    def presign_put(self, key: str, *, size_bytes: int, content_type: str, expires_in_seconds: int) -> PresignedRequest:
        return _request("PUT", f"{key}?size={size_bytes}", {"Content-Type": content_type}, expires_in_seconds)

    def presign_get(
        self,
        key: str,
        *,
        filename: str,  # noqa: ARG002
        content_type: str,  # noqa: ARG002
        expires_in_seconds: int,
    ) -> PresignedRequest:
        return _request("GET", key, {}, expires_in_seconds)

    def head(self, key: str) -> BlobInfo:
        return self._found(key)[1]

    def download(self, key: str, target: Path, *, etag: str, check: Callable[[], None]) -> str:
        content, info = self._found(key)
        if info.etag != etag:
            raise BlobChanged
        check()
        target.write_bytes(content)
        return hashlib.sha256(content).hexdigest()

    def upload(self, key: str, source: Path, *, content_type: str) -> str:
        self._require_up()
        return self.put(key, source.read_bytes(), content_type)

    def delete(self, key: str) -> bool:
        self._require_up()
        return self.objects.pop(key, None) is not None

    def _found(self, key: str) -> tuple[bytes, BlobInfo]:
        self._require_up()
        if key not in self.objects:
            raise BlobNotFound
        return self.objects[key]

    def _require_up(self) -> None:
        if self.is_down:
            raise StorageUnavailable


def _request(method: str, path: str, headers: dict[str, str], expires_in_seconds: int) -> PresignedRequest:
    return PresignedRequest(
        method=method,
        url=f"https://objects.invalid/{path}",
        headers=headers,
        expires_at=datetime.now(UTC) + timedelta(seconds=expires_in_seconds),
    )
