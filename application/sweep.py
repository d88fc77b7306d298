"""A sweep: removes one kind of leftovers, in bounded batches."""

from collections.abc import Sequence
from typing import Protocol

from application.ports.run_context import RunContext
from domain.cleanup import Orders, Swept

# Few enough that a transaction is short, and that a cancel is soon obeyed.
BATCH = 500


class Sweep(Protocol):
    """Safe to run twice at once, and beside all other work: what it removes it looks at again right before."""

    def __call__(self, orders: Orders, context: RunContext) -> Sequence[Swept]:
        """Return what was removed, or what would be; one entry for each kind, also where there was nothing.

        What the object store refuses to delete is left, and the others go. Raises what `context.check` raises,
        StorageUnavailable, DatabaseUnavailable.
        """
        ...
