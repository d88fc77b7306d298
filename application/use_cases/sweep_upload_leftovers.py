"""Drops uploads in parts that nobody will complete, and what the store itself left half written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from application.ports.blob_store import BlobStore
from application.ports.object_inventory import UnfinishedUpload
from application.ports.object_owners import ObjectOwners
from application.ports.run_context import RunContext
from application.ports.unit_of_work import Transactions
from domain.cleanup import Amount, Orders, Swept
from domain.document import OBJECTS_PREFIX, document_of_key
from domain.errors import StorageRefused, UploadNotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepUploadLeftovers:
    """An upload is left over when it is older than `window`, no row speaks of it, and its version is not young."""

    transactions: Transactions
    blobs: BlobStore
    owners: ObjectOwners
    window: timedelta

    def __call__(self, orders: Orders, context: RunContext) -> Sequence[Swept]:
        """Abort, one after the other."""
        with self.transactions() as transaction:
            before = transaction.now() - self.window
        swept = Swept(kind="upload_leftovers")
        for page in self.blobs.inventory.unfinished_uploads(OBJECTS_PREFIX):
            context.check()
            old = [each for each in page if each.started_at < before and document_of_key(each.key)]
            open_ones = self.owners.open_uploads(old, since=before) if old else frozenset()
            for upload in old:
                if upload.store_id in open_ones:
                    continue
                context.check()
                try:
                    if amount := self._drop(upload, orders):
                        swept = swept.and_also(upload.key, amount)
                except StorageRefused as refused:
                    swept = swept.and_left(upload.key, refused.detail)
        scraps = self.blobs.inventory.drop_scraps(before=before, dry_run=orders.dry_run)
        return swept, Swept(kind="half_written_files", amount=scraps)

    def _drop(self, upload: UnfinishedUpload, orders: Orders) -> Amount | None:
        try:
            parts = self.blobs.multipart.parts(upload.key, upload.store_id)
        except UploadNotFound:
            return None
        if not orders.dry_run and not self.blobs.multipart.abort(upload.key, upload.store_id):
            return None
        return Amount(count=1, size_bytes=sum(part.size_bytes for part in parts))
