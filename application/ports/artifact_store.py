"""Port: what runs have put into the object store as artifacts, inside a transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.action import Run
from domain.artifact import Artifact
from domain.ids import ActionId


class ArtifactStore(Protocol):
    """Noted before they are put, so that none is ever forgotten; seen by readers once they are published.

    Forgotten with their jobs, and a job is kept for as long as it has an artifact in the object store.
    """

    def add(self, artifact: Artifact) -> None:
        """Note what a run is about to put. Its job must be locked."""
        ...

    def publish(self, run: Run, *, expires_at: datetime) -> None:
        """Let readers see what the run has put."""
        ...

    def published(self, action_id: ActionId) -> Artifact | None:
        """Return what readers see, also after its time; None where nothing was published."""
        ...

    def left_behind(self, action_id: ActionId) -> Sequence[Artifact]:
        """Return those of the action's runs that are over and published nothing."""
        ...

    def remove(self, run: Run) -> None:
        """Strike out what was not published: the object is gone."""
        ...

    def expired(self, before: datetime, *, after: ActionId | None, limit: int) -> Sequence[Artifact]:
        """Return published ones whose time was over before then and whose objects are there, in order of actions."""
        ...

    def mark_deleted(self, run: Run, *, at: datetime) -> None:
        """Note that the object is gone."""
        ...
