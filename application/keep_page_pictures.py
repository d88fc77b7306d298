"""Puts pictures of pages into the object store: bytes first, seen from the transaction that ends the run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from application.call_each import all_answers, call_each
from application.ports.blob_store import BlobStore
from application.ports.run_context import RunContext
from application.ports.unit_of_work import Transactions, UnitOfWork
from application.wanted_run import require_wanted
from domain.action import Run
from domain.errors import DocumentNotFound, LeaseLost
from domain.ids import DocumentId
from domain.page_picture import PICTURE_TYPE, PagePicture


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepPagePictures:
    """Safe to run twice, also at once: each run has keys of its own, and of each page one picture a size is published.

    Pictures are noted before they are put. Who puts looks once more afterwards if the document is there and the run
    still has its action: if not, the notes may have gone before there were objects.
    """

    transactions: Transactions
    blobs: BlobStore

    def store(self, pictures: Mapping[PagePicture, Path], context: RunContext) -> None:
        """Put pictures of one document, all that this run makes.

        Raises DocumentNotFound, LeaseLost, StorageUnavailable, DatabaseUnavailable.
        """
        if not pictures:
            return

        def put(picture: PagePicture) -> None:
            context.check()
            self.blobs.upload(picture.object_key, pictures[picture], content_type=PICTURE_TYPE)

        self._note(list(pictures), context.run)
        all_answers(call_each(put, pictures))
        try:
            with self.transactions() as transaction:
                require_wanted(transaction, next(iter(pictures)).document_id, context.run)
        except (DocumentNotFound, LeaseLost):
            self._delete([picture.object_key for picture in pictures])
            raise

    def publish(self, transaction: UnitOfWork, document_id: DocumentId, run: Run) -> None:
        """Let readers see them. SQL alone."""
        transaction.page_pictures.publish(document_id, run)

    def clean_up(self, document_id: DocumentId) -> None:
        """Delete what nobody will see."""
        with self.transactions() as transaction:
            left = transaction.page_pictures.left_behind(document_id)
        self._delete(left)

    def _note(self, pictures: Sequence[PagePicture], run: Run) -> None:
        with self.transactions() as transaction:
            require_wanted(transaction, pictures[0].document_id, run)
            transaction.page_pictures.add(pictures)
            transaction.commit()

    def _delete(self, keys: Sequence[str]) -> None:
        if not keys:
            return
        all_answers(call_each(self.blobs.delete, keys))
        with self.transactions() as transaction:
            transaction.page_pictures.remove(keys)
            transaction.commit()
