"""Port: closes a document's password on its way from the API to a worker, so that the database cannot read it."""

from typing import Protocol

from domain.ids import DocumentId


class PasswordSeal(Protocol):
    """Seals and opens with a key that this installation's API and workers have, and the database has not."""

    def seal(self, password: str, document_id: DocumentId) -> str:
        """Return the password as text that only `open` can read, for this document alone; never the same twice."""
        ...

    def open(self, sealed: str, document_id: DocumentId) -> str:
        """Return the password. Raises SealBroken where the key is another one or the text was changed."""
        ...
