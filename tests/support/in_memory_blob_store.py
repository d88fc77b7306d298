"""BlobStore for tests of use cases: nothing is served, so a test uploads with `put`."""

import hashlib
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from application.ports.blob_store import BlobInfo
from application.ports.object_inventory import StoredObject, UnfinishedUpload
from application.ports.presigned_request import PresignedRequest
from domain.cleanup import Amount
from domain.errors import BlobChanged, BlobNotFound, PartsMismatch, StorageUnavailable, UploadNotFound
from domain.multipart import LEAST_PART_BYTES, StoredPart


@dataclass
class InMemoryBlobStore:
    objects: dict[str, tuple[bytes, BlobInfo]] = field(default_factory=dict)
    uploads: dict[str, tuple[str, str, dict[int, tuple[bytes, StoredPart]]]] = field(default_factory=dict)
    """Uploads in parts by their id: key, content type, parts."""
    put_at: dict[str, datetime] = field(default_factory=dict)
    """When objects were put, and uploads in parts begun; what is not in it, now."""
    is_down: bool = False
    """True makes every method that does I/O raise StorageUnavailable."""

    def put(self, key: str, content: bytes, content_type: str) -> str:
        """Store as a client with an upload URL would; return the etag."""
        etag = f'"{hashlib.sha256(content).hexdigest()}"'
        self.put_at[key] = datetime.now(UTC)
        self.objects[key] = (content, BlobInfo(size_bytes=len(content), content_type=content_type, etag=etag))
        return etag

    @property
    def multipart(self) -> "InMemoryMultipartStore":
        return InMemoryMultipartStore(self)

    @property
    def inventory(self) -> "InMemoryObjectInventory":
        return InMemoryObjectInventory(self)

    def presign_put(self, key: str, *, size_bytes: int, content_type: str, expires_in_seconds: int) -> PresignedRequest:
        return _request("PUT", f"{key}?size={size_bytes}", {"Content-Type": content_type}, expires_in_seconds)

    def presign_get(
        self,
        key: str,
        *,
        filename: str,  # noqa: ARG002
        content_type: str,  # noqa: ARG002
        expires_in_seconds: int,
        is_shown: bool = False,  # noqa: ARG002
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
        self.require_up()
        return self.put(key, source.read_bytes(), content_type)

    def delete(self, key: str) -> bool:
        self.require_up()
        return self.objects.pop(key, None) is not None

    def _found(self, key: str) -> tuple[bytes, BlobInfo]:
        self.require_up()
        if key not in self.objects:
            raise BlobNotFound
        return self.objects[key]

    def require_up(self) -> None:
        if self.is_down:
            raise StorageUnavailable


@dataclass(frozen=True)
class InMemoryMultipartStore:
    store: InMemoryBlobStore

    def put_part(self, store_id: str, number: int, content: bytes) -> str:
        """Store as a client with a part's URL would; return the etag."""
        etag = f'"{hashlib.sha256(content).hexdigest()}"'
        part = StoredPart(number=number, size_bytes=len(content), etag=etag)
        self.store.uploads[store_id][2][number] = (content, part)
        return etag

    def start(self, key: str, *, content_type: str) -> str:
        self.store.require_up()
        store_id = secrets.token_hex(8)
        self.store.put_at[store_id] = datetime.now(UTC)
        self.store.uploads[store_id] = (key, content_type, {})
        return store_id

    def presign_part(
        self, key: str, store_id: str, number: int, *, size_bytes: int, expires_in_seconds: int
    ) -> PresignedRequest:
        return _request("PUT", f"{key}?upload={store_id}&part={number}&size={size_bytes}", {}, expires_in_seconds)

    def parts(self, key: str, store_id: str) -> Sequence[StoredPart]:
        return [part for _, (_, part) in sorted(self._open(key, store_id).items())]

    def complete(self, key: str, store_id: str, parts: Sequence[StoredPart]) -> None:
        arrived = self._open(key, store_id)
        for part in parts:
            if part.number not in arrived or arrived[part.number][1].etag != part.etag:
                raise PartsMismatch
        if any(part.size_bytes < LEAST_PART_BYTES for part in parts[:-1]):
            raise PartsMismatch
        content = b"".join(arrived[part.number][0] for part in parts)
        self.store.put(key, content, self.store.uploads.pop(store_id)[1])

    def abort(self, key: str, store_id: str) -> bool:  # noqa: ARG002
        self.store.require_up()
        return self.store.uploads.pop(store_id, None) is not None

    def _open(self, key: str, store_id: str) -> dict[int, tuple[bytes, StoredPart]]:
        self.store.require_up()
        found = self.store.uploads.get(store_id)
        if found is None or found[0] != key:
            raise UploadNotFound
        return found[2]


PAGE = 1000


@dataclass(frozen=True)
class InMemoryObjectInventory:
    store: InMemoryBlobStore

    def objects(self, prefix: str) -> Iterator[Sequence[StoredObject]]:
        self.store.require_up()
        found = [
            StoredObject(key=key, size_bytes=info.size_bytes, modified_at=self.store.put_at[key])
            for key, (_, info) in list(self.store.objects.items())
            if key.startswith(prefix)
        ]
        for first in range(0, len(found), PAGE):
            yield found[first : first + PAGE]

    def unfinished_uploads(self, prefix: str) -> Iterator[Sequence[UnfinishedUpload]]:
        self.store.require_up()
        yield [
            UnfinishedUpload(key=key, store_id=store_id, started_at=self.store.put_at[store_id])
            for store_id, (key, _, _) in list(self.store.uploads.items())
            if key.startswith(prefix)
        ]

    def drop_scraps(self, *, before: datetime, dry_run: bool) -> Amount:  # noqa: ARG002
        self.store.require_up()
        return Amount()


def _request(method: str, path: str, headers: dict[str, str], expires_in_seconds: int) -> PresignedRequest:
    return PresignedRequest(
        method=method,
        url=f"https://objects.invalid/{path}",
        headers=headers,
        expires_at=datetime.now(UTC) + timedelta(seconds=expires_in_seconds),
    )
