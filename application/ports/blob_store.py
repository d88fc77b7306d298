"""Port: the object store, which holds the bytes."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from application.ports.multipart_store import MultipartStore
from application.ports.object_inventory import ObjectInventory
from application.ports.presigned_request import PresignedRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobInfo:
    """What the store knows of an object: `etag` changes whenever the bytes do and is opaque."""

    size_bytes: int
    content_type: str
    etag: str


class BlobStore(Protocol):
    """Keeps objects under keys. Keys are ours: ASCII letters, digits, `/`, `-`, `_` and `.`, no `..`.

    Every method but the presigning ones does I/O and raises StorageUnavailable (retryable) when the store does not
    answer or answers with a fault of its own, StorageRefused where it answers and will not do just that. Not promised:
    locking, versions.
    """

    @property
    def multipart(self) -> MultipartStore:
        """Uploads in parts to this store."""
        ...

    @property
    def inventory(self) -> ObjectInventory:
        """What lies in this store."""
        ...

    def presign_put(self, key: str, *, size_bytes: int, content_type: str, expires_in_seconds: int) -> PresignedRequest:
        """Sign an upload bound to method, key, size and type. Absolute URL. No I/O."""
        ...

    def presign_get(
        self, key: str, *, filename: str, content_type: str, expires_in_seconds: int, is_shown: bool = False
    ) -> PresignedRequest:
        """Sign a download which is saved under `filename` (any Unicode; made safe here). Absolute URL. No I/O.

        With `is_shown` browsers show it in its place: for what was made here, never for what others uploaded.
        """
        ...

    def head(self, key: str) -> BlobInfo:
        """Return what is stored. Raises BlobNotFound."""
        ...

    def download(self, key: str, target: Path, *, etag: str, check: Callable[[], None]) -> str:
        """Stream the object of just that etag into `target`; return its SHA-256 in hex.

        `check` is called before each block of some 100 KB; what it raises ends the download and passes through.

        Raises BlobNotFound, BlobChanged when the etag is another. `target` may be half written after an error.
        """
        ...

    def upload(self, key: str, source: Path, *, content_type: str) -> str:
        """Put a local file of up to 5 GiB under a key, whole or not at all; return its etag."""
        ...

    def delete(self, key: str) -> bool:
        """Delete; True if there was something. Safe to repeat."""
        ...
