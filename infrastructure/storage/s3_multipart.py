"""Uploads in parts to S3."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from application.ports.presigned_request import PresignedRequest
from domain.errors import BlobNotFound, UploadNotFound
from domain.multipart import StoredPart
from infrastructure.storage.object_rules import checked_content_type, checked_key
from infrastructure.storage.s3_bucket import S3Bucket, store_errors


class S3MultipartStore:
    """Implements application/ports/multipart_store.py."""

    def __init__(self, bucket: S3Bucket) -> None:
        self._bucket = bucket

    def start(self, key: str, *, content_type: str) -> str:
        """Begin an upload. Raises StorageUnavailable."""
        with store_errors():
            answer = self._bucket.client.create_multipart_upload(
                Bucket=self._bucket.name, Key=checked_key(key), ContentType=checked_content_type(content_type)
            )
        return str(answer["UploadId"])

    def presign_part(
        self, key: str, store_id: str, number: int, *, size_bytes: int, expires_in_seconds: int
    ) -> PresignedRequest:
        """Sign the upload of one part; Content-Length is among the signed headers."""
        bound = {"UploadId": store_id, "PartNumber": number, "ContentLength": size_bytes}
        return self._bucket.presigned("PUT", "upload_part", key, bound, expires_in_seconds, headers={})

    def parts(self, key: str, store_id: str) -> Sequence[StoredPart]:
        """Return what has arrived, a thousand a request. Raises UploadNotFound, StorageUnavailable."""
        with _upload_errors():
            pages = self._bucket.client.get_paginator("list_parts").paginate(
                Bucket=self._bucket.name, Key=checked_key(key), UploadId=store_id
            )
            found = [part for page in pages for part in page.get("Parts", [])]
        return [StoredPart(number=part["PartNumber"], size_bytes=part["Size"], etag=part["ETag"]) for part in found]

    def complete(self, key: str, store_id: str, parts: Sequence[StoredPart]) -> None:
        """Make the object. Raises UploadNotFound, PartsMismatch, StorageUnavailable."""
        listed = [{"PartNumber": part.number, "ETag": part.etag} for part in parts]
        with _upload_errors():
            self._bucket.client.complete_multipart_upload(
                Bucket=self._bucket.name, Key=checked_key(key), UploadId=store_id, MultipartUpload={"Parts": listed}
            )

    def abort(self, key: str, store_id: str) -> bool:
        """Drop the upload; True if there was one. Raises StorageUnavailable."""
        try:
            with _upload_errors():
                self._bucket.client.abort_multipart_upload(
                    Bucket=self._bucket.name, Key=checked_key(key), UploadId=store_id
                )
        except UploadNotFound:
            return False
        return True


@contextmanager
def _upload_errors() -> Iterator[None]:
    """Raise our errors for what boto3 raises. Ceph misses the key where others miss the upload."""
    try:
        with store_errors():
            yield
    except BlobNotFound as exc:
        raise UploadNotFound from exc
