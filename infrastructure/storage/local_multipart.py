"""Uploads in parts to the local store; the parts come by signed URLs which the API serves."""

from collections.abc import Sequence
from typing import Protocol

from application.ports.presigned_request import PresignedRequest
from domain.multipart import StoredPart
from infrastructure.storage.disk_errors import disk_errors
from infrastructure.storage.part_files import PartFiles
from infrastructure.storage.signed_query import Query


class Presign(Protocol):
    """Signs a request for a key, with what is bound to it."""

    def __call__(
        self, method: str, key: str, bound: Query, expires_in_seconds: int, *, headers: dict[str, str]
    ) -> PresignedRequest:
        """Return the request."""
        ...


class LocalMultipartStore:
    """Implements application/ports/multipart_store.py."""

    def __init__(self, files: PartFiles, presigned: Presign) -> None:
        self.files = files
        self._presigned = presigned

    def start(self, key: str, *, content_type: str) -> str:
        """Begin an upload. Raises StorageUnavailable."""
        with disk_errors():
            return self.files.start(key, content_type)

    def presign_part(
        self, key: str, store_id: str, number: int, *, size_bytes: int, expires_in_seconds: int
    ) -> PresignedRequest:
        """Sign the upload of one part."""
        bound = [("upload", store_id), ("part", str(number)), ("size", str(size_bytes))]
        return self._presigned("PUT", key, bound, expires_in_seconds, headers={})

    def parts(self, key: str, store_id: str) -> Sequence[StoredPart]:
        """Return what has arrived. Raises UploadNotFound, StorageUnavailable."""
        with disk_errors():
            return self.files.parts(key, store_id)

    def complete(self, key: str, store_id: str, parts: Sequence[StoredPart]) -> None:
        """Make the object. Raises UploadNotFound, PartsMismatch, StorageUnavailable."""
        with disk_errors():
            self.files.complete(key, store_id, parts)

    def abort(self, key: str, store_id: str) -> bool:
        """Drop the upload; True if there was one. Raises StorageUnavailable."""
        with disk_errors():
            return self.files.abort(key, store_id)
