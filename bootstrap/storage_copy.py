"""`esteira storage copy`: brings the objects of the local store into the bucket, for a move to S3."""

import sys
import tempfile
from pathlib import Path

from bootstrap.settings import Settings
from domain.errors import BlobNotFound
from infrastructure.storage.disk_errors import disk_errors
from infrastructure.storage.local import LocalBlobStore
from infrastructure.storage.s3 import S3BlobStore
from infrastructure.storage.signed_query import load_or_create_signing_key


def run_storage_copy(settings: Settings) -> int:
    """Copy what the bucket does not have; return the exit code. Safe to repeat, and nothing is deleted."""
    folder = settings.absolute_data_dir / "store"
    if settings.s3_bucket is None or not folder.is_dir():
        wrong = "ESTEIRA_S3_BUCKET is not set" if settings.s3_bucket is None else f"there is no local store in {folder}"
        print(f"Nothing can be copied: {wrong}.", file=sys.stderr)
        return 1
    source = LocalBlobStore(folder, signing_key=load_or_create_signing_key(folder / "signing.key"), public_url="")
    target = S3BlobStore(bucket=settings.s3_bucket, endpoint_url=settings.s3_endpoint_url, public_endpoint_url=None)
    with disk_errors():
        keys = sorted(source.files.keys())
    copied = sum(copy_object(source, target, key) for key in keys)
    print(f"{copied} objects were copied, {len(keys) - copied} were there or are gone by now.")
    return 0


def copy_object(source: LocalBlobStore, target: S3BlobStore, key: str) -> bool:
    """Copy one object with its type; False where one of that key and size is there, or it was deleted by now."""
    try:
        info = source.head(key)
        if is_there(target, key, info.size_bytes):
            return False
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / "object"
            source.download(key, path, etag=info.etag, check=lambda: None)
            target.upload(key, path, content_type=info.content_type)
    except BlobNotFound:
        return False
    return True


def is_there(target: S3BlobStore, key: str, size_bytes: int) -> bool:
    """Tell whether the bucket has the object, whole."""
    try:
        return target.head(key).size_bytes == size_bytes
    except BlobNotFound:
        return False
