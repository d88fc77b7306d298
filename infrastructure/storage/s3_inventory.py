"""What lies in a bucket."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from application.ports.object_inventory import StoredObject, UnfinishedUpload
from domain.cleanup import Amount
from infrastructure.storage.s3_bucket import S3Bucket, store_errors


class S3ObjectInventory:
    """Implements application/ports/object_inventory.py. A page of ours is a page of the store's."""

    def __init__(self, bucket: S3Bucket) -> None:
        self._bucket = bucket

    def objects(self, prefix: str) -> Iterator[Sequence[StoredObject]]:
        """List objects."""
        for page in self._pages("list_objects_v2", prefix):
            yield [
                StoredObject(key=found["Key"], size_bytes=found["Size"], modified_at=found["LastModified"])
                for found in page.get("Contents", [])
            ]

    def unfinished_uploads(self, prefix: str) -> Iterator[Sequence[UnfinishedUpload]]:
        """List uploads in parts."""
        for page in self._pages("list_multipart_uploads", prefix):
            yield [
                UnfinishedUpload(key=found["Key"], store_id=found["UploadId"], started_at=found["Initiated"])
                for found in page.get("Uploads", [])
            ]

    def drop_scraps(self, *, before: datetime, dry_run: bool) -> Amount:  # noqa: ARG002
        """S3 keeps nothing of an upload that broke off."""
        return Amount()

    def _pages(self, operation: str, prefix: str) -> Iterator[Any]:
        with store_errors():
            pages = self._bucket.client.get_paginator(operation).paginate(Bucket=self._bucket.name, Prefix=prefix)
            asked = iter(pages)
        while True:
            with store_errors():
                page = next(asked, None)
            if page is None:
                return
            yield page
