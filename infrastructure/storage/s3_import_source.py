"""Objects of a bucket that may be imported."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from domain.imported_file import SourceFile, clean_name, name_problem, shown_name
from infrastructure.storage.hashed_copy import hashed_copy
from infrastructure.storage.s3_bucket import S3Bucket, store_errors


class S3ImportSource:
    """ImportSource of what lies under `root` in a bucket; `root` is empty or ends in a slash."""

    def __init__(self, bucket: S3Bucket, *, root: str) -> None:
        self._bucket = bucket
        self._root = root

    def files(self, prefix: str) -> Iterator[Sequence[SourceFile]]:
        """List objects; those that only stand for a folder are left out."""
        with store_errors():
            pages = iter(
                self._bucket.client.get_paginator("list_objects_v2").paginate(
                    Bucket=self._bucket.name, Prefix=self._root + prefix
                )
            )
        while True:
            with store_errors():
                page = next(pages, None)
            if page is None:
                return
            found = (self._file(each) for each in page.get("Contents", []) if not each["Key"].endswith("/"))
            yield [file for file in found if not prefix or file.place == prefix or file.place.startswith(f"{prefix}/")]

    def fetch(self, file: SourceFile, target: Path, *, check: Callable[[], None]) -> str:
        """Stream an object. Raises BlobNotFound, BlobChanged, StorageUnavailable."""
        bound = {"Bucket": self._bucket.name, "Key": self._root + file.place, "IfMatch": file.etag}
        with store_errors():
            body = self._bucket.client.get_object(**bound)["Body"]

        def read(size: int) -> bytes:
            with store_errors():
                chunk: bytes = body.read(size)
            return chunk

        try:
            return hashed_copy(read, target, check=check)
        finally:
            body.close()

    def _file(self, listed: dict[str, object]) -> SourceFile:
        place = str(listed["Key"]).removeprefix(self._root)
        name = clean_name(place)
        return SourceFile(
            name=shown_name(name),
            place=place,
            size_bytes=int(str(listed["Size"])),
            etag=str(listed["ETag"]),
            problem=name_problem(name),
        )
