"""Deletes rows that belong to nothing: passages of runs that nobody sees, notes of objects, vectors without a chunk."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from application.call_in_turn import call_in_turn
from application.ports.blob_store import BlobStore
from application.ports.lost_rows import LostRows
from application.ports.passage_store import PassageStore
from application.ports.run_context import RunContext
from application.ports.unit_of_work import Transactions
from application.sweep import BATCH
from domain.cleanup import Amount, Orders, Swept
from domain.errors import DocumentNotFound, StorageRefused
from domain.ids import DocumentId

NUMBERS_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepLostRows:
    """The sweeper clears up behind each run; this finds what it cannot know of."""

    transactions: Transactions
    blobs: BlobStore
    lost: LostRows
    passages: PassageStore

    def __call__(self, orders: Orders, context: RunContext) -> Sequence[Swept]:
        """Sweep the three kinds; the object store has to do with the second alone."""
        kinds = (self._runs, self._staged, self._dangling)
        return call_in_turn(partial(sweep, orders, context) for sweep in kinds)

    def _runs(self, orders: Orders, context: RunContext) -> Swept:
        swept, after = Swept(kind="unpublished_passages"), None
        while True:
            context.check()
            found, after = self.lost.runs(after=after, limit=BATCH)
            for run in found:
                context.check()
                if not orders.dry_run:
                    self.passages.discard_unpublished(run.document_id)
                swept = swept.and_also(str(run.document_id), run.amount)
            if after is None:
                return swept

    def _staged(self, orders: Orders, context: RunContext) -> Swept:
        swept, after = Swept(kind="staged_objects"), None
        while found := self.lost.staged(after=after, limit=BATCH):
            after = found[-1]
            for parent_id in found:
                context.check()
                for key in self._left_behind(parent_id):
                    try:
                        if not orders.dry_run:
                            self._delete(key)
                    except StorageRefused as refused:
                        swept = swept.and_left(key, refused.detail)
                    else:
                        swept = swept.and_also(key, Amount(count=1))
        return swept

    def _left_behind(self, parent_id: DocumentId) -> Sequence[str]:
        with self.transactions() as transaction:
            try:
                transaction.documents.lock(parent_id)
            except DocumentNotFound:
                return ()
            return transaction.staged_objects.left_behind(parent_id)

    def _delete(self, key: str) -> None:
        self.blobs.delete(key)
        with self.transactions() as transaction:
            transaction.staged_objects.remove([key])
            transaction.commit()

    def _dangling(self, orders: Orders, context: RunContext) -> Swept:
        swept, after = Swept(kind="vectors_without_chunk"), 0
        while True:
            context.check()
            batch = self.lost.chunk_numbers(after=after, limit=NUMBERS_AT_ONCE)
            if batch.found:
                amount = Amount(count=len(batch.found)) if orders.dry_run else self.lost.drop(batch.found)
                swept = swept.and_also(f"chunk {batch.found[0]}", amount)
            if batch.next_after is None:
                return swept
            after = batch.next_after
