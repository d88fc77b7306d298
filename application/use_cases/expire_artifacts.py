"""Deletes artifacts whose time is over."""

from collections.abc import Sequence
from dataclasses import dataclass

from application.ports.blob_store import BlobStore
from application.ports.run_context import RunContext
from application.ports.unit_of_work import Transactions
from application.sweep import BATCH
from domain.artifact import Artifact
from domain.cleanup import Amount, Orders, Swept
from domain.errors import StorageRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireArtifacts:
    """Nobody can download them any more, so the object goes first and the row is told afterwards."""

    transactions: Transactions
    blobs: BlobStore

    def __call__(self, orders: Orders, context: RunContext) -> Sequence[Swept]:
        """Delete, one after the other."""
        swept, after = Swept(kind="expired_artifacts"), None
        with self.transactions() as transaction:
            now = transaction.now()
        while True:
            with self.transactions() as transaction:
                found = transaction.artifacts.expired(now, after=after, limit=BATCH)
            if not found:
                return [swept]
            after = found[-1].action_id
            for artifact in found:
                context.check()
                try:
                    if not orders.dry_run:
                        self._delete(artifact)
                except StorageRefused as refused:
                    swept = swept.and_left(artifact.object_key, refused.detail)
                else:
                    swept = swept.and_also(artifact.object_key, Amount(count=1, size_bytes=artifact.size_bytes))

    def _delete(self, artifact: Artifact) -> None:
        self.blobs.delete(artifact.object_key)
        with self.transactions() as transaction:
            transaction.artifacts.mark_deleted(artifact.run, at=transaction.now())
            transaction.commit()
