"""The object store that needs no other program: files in a folder, behind signed URLs which the API serves."""

import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from application.ports.blob_store import BlobInfo
from application.ports.presigned_request import PresignedRequest
from domain.errors import BlobChanged
from infrastructure.storage.content_disposition import safe_filename
from infrastructure.storage.disk_errors import disk_errors
from infrastructure.storage.hashed_copy import hashed_copy
from infrastructure.storage.local_inventory import LocalObjectInventory
from infrastructure.storage.local_multipart import LocalMultipartStore
from infrastructure.storage.object_files import ObjectFiles
from infrastructure.storage.object_rules import checked_content_type, checked_key
from infrastructure.storage.part_files import PartFiles
from infrastructure.storage.signed_query import Query, QuerySigner

_BLOCK_BYTES = 1 << 20


class LocalBlobStore:
    """BlobStore in `folder`; its URLs are `<public_url>/store/<key>?…`, which `local_store_app` answers.

    `clock` gives seconds since 1970.
    """

    def __init__(
        self, folder: Path, *, signing_key: bytes, public_url: str, clock: Callable[[], float] = time.time
    ) -> None:
        self.files = ObjectFiles(folder)
        self._signer = QuerySigner(signing_key)
        self._root = f"{public_url.rstrip('/')}/store"
        self._clock = clock
        parts = PartFiles(folder / "parts", self.files)
        self.multipart = LocalMultipartStore(parts, self._presigned)
        self.inventory = LocalObjectInventory(self.files, parts)

    def presign_put(self, key: str, *, size_bytes: int, content_type: str, expires_in_seconds: int) -> PresignedRequest:
        """Sign an upload; what else is signed travels in the query."""
        bound = [("size", str(size_bytes)), ("type", checked_content_type(content_type))]
        return self._presigned("PUT", key, bound, expires_in_seconds, headers={"Content-Type": content_type})

    def presign_get(
        self, key: str, *, filename: str, content_type: str, expires_in_seconds: int, is_shown: bool = False
    ) -> PresignedRequest:
        """Sign a download; HEAD and ranges are good on the same URL."""
        bound = [("filename", safe_filename(filename)), ("type", checked_content_type(content_type))]
        bound += [("shown", "1")] if is_shown else []
        return self._presigned("GET", key, bound, expires_in_seconds, headers={})

    def head(self, key: str) -> BlobInfo:
        """Return what is stored. Raises BlobNotFound, StorageUnavailable."""
        with disk_errors(), closing(self.files.open(key)) as opened:
            return opened.info

    def download(self, key: str, target: Path, *, etag: str, check: Callable[[], None]) -> str:
        """Copy to `target`, return the SHA-256. Raises BlobNotFound, BlobChanged, StorageUnavailable."""
        with disk_errors():
            opened = self.files.open(key)
        with closing(opened):
            if opened.info.etag != etag:
                raise BlobChanged
            offset = 0

            def read(size: int) -> bytes:
                nonlocal offset
                with disk_errors():
                    chunk = opened.read(size, offset)
                offset += len(chunk)
                return chunk

            return hashed_copy(read, target, check=check)

    def upload(self, key: str, source: Path, *, content_type: str) -> str:
        """Copy to a new object, return its etag. Raises StorageUnavailable."""
        with disk_errors(), source.open("rb") as file, closing(self.files.receive()) as incoming:
            while block := file.read(_BLOCK_BYTES):
                incoming.write(block)
            return incoming.commit(key, content_type)

    def delete(self, key: str) -> bool:
        """Delete; True if there was something. Raises StorageUnavailable."""
        with disk_errors():
            return self.files.delete(key)

    def verified(self, method: str, key: str, query: Query) -> dict[str, str]:
        """Return what was signed for this request. Raises UrlInvalidError, UrlExpiredError."""
        return self._signer.verified(method, key, query, now=self._clock())

    def _presigned(
        self, method: str, key: str, bound: Query, expires_in_seconds: int, *, headers: dict[str, str]
    ) -> PresignedRequest:
        expires = int(self._clock()) + expires_in_seconds
        query = self._signer.signed(method, checked_key(key), bound, expires=expires)
        return PresignedRequest(
            method=method,
            url=f"{self._root}/{key}?{query}",
            headers=headers,
            expires_at=datetime.fromtimestamp(expires, UTC),
        )
