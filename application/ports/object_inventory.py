"""Port: what lies in the object store, whoever put it there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.cleanup import Amount


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """An object that was found. `modified_at` is by the store's clock; S3 gives one sent in parts its beginning."""

    key: str
    size_bytes: int
    modified_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfinishedUpload:
    """An upload in parts that was neither completed nor aborted."""

    key: str
    store_id: str
    started_at: datetime


class ObjectInventory(Protocol):
    """Lists by pages of up to 1000, so that memory is bounded. Raises StorageUnavailable (retryable).

    What changes while a list is read may be in it or not; what does not change is in it once. Not promised: an order.
    """

    def objects(self, prefix: str) -> Iterator[Sequence[StoredObject]]:
        """Yield the objects whose keys begin so."""
        ...

    def unfinished_uploads(self, prefix: str) -> Iterator[Sequence[UnfinishedUpload]]:
        """Yield the uploads in parts to keys that begin so."""
        ...

    def drop_scraps(self, *, before: datetime, dry_run: bool) -> Amount:
        """Delete what killed processes left half written and nobody wrote to since; a dry run only counts it."""
        ...
