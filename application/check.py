"""A check: looks for faults of a kind, and mends those that can be mended without losing anything."""

from collections.abc import Sequence
from typing import Protocol

from application.ports.run_context import RunContext
from domain.audit import Finding


class Check(Protocol):
    """Safe to run twice, and beside all other work."""

    def __call__(self, *, fix: bool, context: RunContext) -> Sequence[Finding]:
        """Return what was found, nothing where all is well. Raises as a sweep does."""
        ...
