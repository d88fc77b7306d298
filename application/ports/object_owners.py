"""Port: which objects and uploads of the store somebody needs, whoever that is."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from application.ports.object_inventory import UnfinishedUpload


class ObjectOwners(Protocol):
    """Reads committed state in one snapshot a call. Raises DatabaseUnavailable (retryable)."""

    def named(self, keys: Sequence[str]) -> frozenset[str]:
        """Return those keys that a version of a document has, or that a run noted before it put something."""
        ...

    def open_uploads(self, uploads: Sequence[UnfinishedUpload], *, since: datetime) -> frozenset[str]:
        """Return the store's ids of those that are noted and not completed, or to a version announced since then."""
        ...
