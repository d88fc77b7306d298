"""An artifact: a file that a run made, kept in the object store for a time."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.action import Run
from domain.ids import ActionId, JobId

ARTIFACTS_PREFIX = "artifacts/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """What a run put. `expires_at` is None until the run is the one that ended well, and nobody sees it before.

    `deleted_at` is set once its time is over and the object is gone; what it was is remembered as long as its job.
    """

    action_id: ActionId
    run_lease: int
    job_id: JobId
    filename: str
    content_type: str
    size_bytes: int
    created_at: datetime
    expires_at: datetime | None = None
    deleted_at: datetime | None = None

    @property
    def run(self) -> Run:
        """Who put it."""
        return Run(action_id=self.action_id, run_lease=self.run_lease)

    @property
    def object_key(self) -> str:
        """Where the object store keeps it."""
        return artifact_key(self.run)


def artifact_key(run: Run) -> str:
    """Return where the object store keeps what the run makes. No two runs share a key, and none is used again."""
    return f"{ARTIFACTS_PREFIX}{run.action_id}/{run.run_lease}"


def run_of_key(key: str) -> Run | None:
    """Return whose artifact it is; None: no run's, so whoever put it there may want it."""
    head, _, lease = key.removeprefix(ARTIFACTS_PREFIX).partition("/")
    try:
        found = Run(action_id=ActionId(UUID(head)), run_lease=int(lease))
    except ValueError:
        return None
    return found if artifact_key(found) == key else None
