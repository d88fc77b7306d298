"""Deletes objects that no document and no artifact has: put again by a URL that lived on, or left by a crash."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain

from application.ports.blob_store import BlobStore
from application.ports.object_inventory import StoredObject
from application.ports.object_owners import ObjectOwners
from application.ports.run_context import RunContext
from application.ports.unit_of_work import Transactions
from domain.artifact import ARTIFACTS_PREFIX, run_of_key
from domain.cleanup import Amount, Orders, Swept
from domain.document import OBJECTS_PREFIX, document_of_key
from domain.errors import DocumentNotFound, StorageRefused

# In one run; the rest is for the next one.
MOST_OBJECTS = 10_000
# So many, and more than half of all: that is no litter, but another database's store.
DOUBTFUL_OBJECTS = 100
DOUBT = (
    "{orphans} of {seen} objects have no document or artifact in this database. Is it the database of this object "
    "store? Nothing was deleted; if it is, run `esteira cleanup s3 --force`."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepOrphanObjects:
    """An object that is younger than `window` is no orphan, and neither is one that any row names.

    Rows are always there before objects, and keys are never used again, so a look at the rows after the list is enough;
    but for a database restored from a backup, which announces numbers anew over a store that has objects of them. So
    the document, where there is one, is locked while the store is told to delete.
    """

    transactions: Transactions
    blobs: BlobStore
    owners: ObjectOwners
    window: timedelta

    def __call__(self, orders: Orders, context: RunContext) -> Sequence[Swept]:
        """List the whole store, then delete one after the other."""
        with self.transactions() as transaction:
            before = transaction.now() - self.window
        orphans, count, seen = self._found(before, context)
        swept = Swept(kind="orphan_objects", left=count - len(orphans))
        if count > max(DOUBTFUL_OBJECTS, seen / 2) and not orders.force:
            examples = tuple(orphan.key for orphan in orphans[:10])
            return [replace(swept, left=count, examples=examples, note=DOUBT.format(orphans=count, seen=seen))]
        for orphan in orphans:
            context.check()
            try:
                if orders.dry_run or self._delete(orphan):
                    swept = swept.and_also(orphan.key, Amount(count=1, size_bytes=orphan.size_bytes))
            except StorageRefused as refused:
                swept = swept.and_left(orphan.key, refused.detail)
        return [swept]

    def _found(self, before: datetime, context: RunContext) -> tuple[list[StoredObject], int, int]:
        """Return orphans to delete, how many there are, and how many objects."""
        orphans: list[StoredObject] = []
        count = seen = 0
        inventory = self.blobs.inventory
        for page in chain(inventory.objects(OBJECTS_PREFIX), inventory.objects(ARTIFACTS_PREFIX)):
            context.check()
            old = [each for each in page if each.modified_at < before and _is_ours(each.key)]
            named = self.owners.named([each.key for each in old]) if old else frozenset()
            found = [each for each in old if each.key not in named]
            orphans += found[: MOST_OBJECTS - len(orphans)]
            count, seen = count + len(found), seen + len(page)
        return orphans, count, seen

    def _delete(self, orphan: StoredObject) -> bool:
        document_id = document_of_key(orphan.key)
        with self.transactions() as transaction:
            try:
                if document_id:
                    transaction.documents.lock(document_id)
            except DocumentNotFound:
                pass  # and there never will be one: ids are not used again
            return not self.owners.named([orphan.key]) and self.blobs.delete(orphan.key)


def _is_ours(key: str) -> bool:
    return document_of_key(key) is not None or run_of_key(key) is not None
