"""The object store on S3, or on whatever speaks its language."""

from collections.abc import Callable
from pathlib import Path

from application.ports.blob_store import BlobInfo
from application.ports.presigned_request import PresignedRequest
from domain.errors import BlobNotFound, StorageUnavailable
from infrastructure.storage.content_disposition import disposition
from infrastructure.storage.hashed_copy import hashed_copy
from infrastructure.storage.object_rules import checked_content_type, checked_key
from infrastructure.storage.s3_bucket import NO_BUCKET, AccessRefused, S3Bucket, store_errors
from infrastructure.storage.s3_inventory import S3ObjectInventory
from infrastructure.storage.s3_multipart import S3MultipartStore


class S3BlobStore:
    """BlobStore in `bucket`; credentials and region come by boto3's own chain. Thread-safe.

    `endpoint_url` is the store that this server talks to (None: AWS), `public_endpoint_url` the one in presigned URLs
    (None: the same). A dead store costs at most 2 attempts of 3 s to connect or of `read_timeout_seconds` of silence.
    """

    def __init__(
        self,
        *,
        bucket: str,
        endpoint_url: str | None,
        public_endpoint_url: str | None,
        read_timeout_seconds: float = 5,
    ) -> None:
        self.bucket = S3Bucket(
            bucket,
            endpoint_url=endpoint_url,
            public_endpoint_url=public_endpoint_url,
            read_timeout_seconds=read_timeout_seconds,
        )
        self.multipart = S3MultipartStore(self.bucket)
        self.inventory = S3ObjectInventory(self.bucket)

    def presign_put(self, key: str, *, size_bytes: int, content_type: str, expires_in_seconds: int) -> PresignedRequest:
        """Sign an upload; Content-Length and Content-Type are among the signed headers."""
        bound = {"ContentLength": size_bytes, "ContentType": checked_content_type(content_type)}
        return self.bucket.presigned(
            "PUT", "put_object", key, bound, expires_in_seconds, headers={"Content-Type": content_type}
        )

    def presign_get(
        self, key: str, *, filename: str, content_type: str, expires_in_seconds: int, is_shown: bool = False
    ) -> PresignedRequest:
        """Sign a download, with the headers that the store is to answer."""
        bound = {
            "ResponseContentDisposition": disposition(filename, is_shown=is_shown),
            "ResponseContentType": checked_content_type(content_type),
        }
        return self.bucket.presigned("GET", "get_object", key, bound, expires_in_seconds, headers={})

    def head(self, key: str) -> BlobInfo:
        """Return what is stored. Raises BlobNotFound, StorageUnavailable."""
        try:
            with store_errors():
                answer = self.bucket.client.head_object(Bucket=self.bucket.name, Key=checked_key(key))
        except BlobNotFound:
            self._require_bucket()
            raise
        return BlobInfo(
            size_bytes=answer["ContentLength"],
            content_type=answer.get("ContentType", "application/octet-stream"),
            etag=answer["ETag"],
        )

    def download(self, key: str, target: Path, *, etag: str, check: Callable[[], None]) -> str:
        """Stream to `target`, return the SHA-256. Raises BlobNotFound, BlobChanged, StorageUnavailable."""
        with store_errors():
            body = self.bucket.client.get_object(Bucket=self.bucket.name, Key=checked_key(key), IfMatch=etag)["Body"]

        def read(size: int) -> bytes:
            with store_errors():
                chunk: bytes = body.read(size)
            return chunk

        try:
            return hashed_copy(read, target, check=check)
        finally:
            body.close()

    def upload(self, key: str, source: Path, *, content_type: str) -> str:
        """Put in one request, return the etag. Raises StorageUnavailable."""
        bound = {"Key": checked_key(key), "ContentType": checked_content_type(content_type)}
        with source.open("rb") as file, store_errors():
            return str(self.bucket.client.put_object(Bucket=self.bucket.name, Body=file, **bound)["ETag"])

    def delete(self, key: str) -> bool:
        """Delete; True if there was something, which S3 tells only when asked before. Raises StorageUnavailable."""
        try:
            self.head(key)
            with store_errors():
                self.bucket.client.delete_object(Bucket=self.bucket.name, Key=key)
        except BlobNotFound:
            return False
        return True

    def _require_bucket(self) -> None:
        """Tell a missing bucket from a missing object, which answer a HEAD alike."""
        try:
            with store_errors():
                self.bucket.client.head_bucket(Bucket=self.bucket.name)
        except BlobNotFound as exc:
            raise StorageUnavailable(NO_BUCKET) from exc
        except AccessRefused:
            return  # there is a bucket, which these credentials may not look at
