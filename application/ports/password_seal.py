"""Port: closes a secret that waits in the database for its reader, so that the database cannot read it."""

from typing import Protocol
from uuid import UUID


class PasswordSeal(Protocol):
    """Seals and opens with a key that this installation's API and workers have, and the database has not."""

    def seal(self, secret: str, owner_id: UUID) -> str:
        """Return the secret as text that only `open` can read, for this owner alone; never the same twice."""
        ...

    def open(self, sealed: str, owner_id: UUID) -> str:
        """Return the secret. Raises SealBroken where the key is another one or the text was changed."""
        ...
