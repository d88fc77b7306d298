"""Port: pictures of pages that runs have put into the object store, inside a transaction."""

from collections.abc import Sequence
from typing import Protocol

from domain.action import Run
from domain.ids import DocumentId
from domain.page_picture import PagePicture


class PagePictureStore(Protocol):
    """Noted before they are put, so that none is ever forgotten; seen by readers once they are published.

    They go with their document, so their objects have to be deleted before it.
    """

    def add(self, pictures: Sequence[PagePicture]) -> None:
        """Note what a run is about to put for one document, which must be locked."""
        ...

    def publish(self, document_id: DocumentId, run: Run) -> None:
        """Let readers see what the run has put, but for pages that another run published meanwhile.

        Nothing happens where the document is gone.
        """
        ...

    def keys(self, document_id: DocumentId) -> Sequence[str]:
        """Return the keys of all that was noted for the document, whatever became of the runs."""
        ...

    def left_behind(self, document_id: DocumentId) -> Sequence[str]:
        """Return the keys of what nobody will see: of runs that are over, or of bytes that were replaced."""
        ...

    def remove(self, keys: Sequence[str]) -> None:
        """Strike out: the objects are gone."""
        ...
