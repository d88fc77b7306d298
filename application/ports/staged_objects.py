"""Port: a note of objects that are put before the documents they are for exist, inside a transaction."""

from collections.abc import Sequence
from typing import Protocol

from domain.action import Run
from domain.ids import DocumentId


class StagedObjects(Protocol):
    """Noted before they are put and struck out when they have a document, so that none is ever forgotten.

    A document with such notes cannot be deleted.
    """

    def add(self, parent_id: DocumentId, run: Run, keys: Sequence[str]) -> None:
        """Note what a run is about to put for attachments of a document. The document must be locked."""
        ...

    def left_behind(self, parent_id: DocumentId) -> Sequence[str]:
        """Return the keys noted by runs that are over."""
        ...

    def remove(self, keys: Sequence[str]) -> None:
        """Strike out: the objects have documents now, or are gone."""
        ...
