"""Finds the artifact of a job, for who wants to download it."""

from dataclasses import dataclass
from datetime import timedelta

from application.ports.unit_of_work import Transactions, UnitOfWork
from domain.action import ActionStatus
from domain.artifact import Artifact
from domain.errors import ArtifactExpired, ArtifactNotFound, InvalidRequest, NotReady
from domain.ids import ActionId
from domain.job import Job

NOT_COMPLETED = "The job did not complete, and made no file: its status says why. Ask for a new one."
SEVERAL = "This job has several artifacts: send the action_id of the one you want."


@dataclass(frozen=True, slots=True, kw_only=True)
class FindArtifact:
    """A job of several actions may have several artifacts: `action_id` tells which is meant."""

    transactions: Transactions

    def __call__(self, job: Job, *, action_id: ActionId | None = None) -> tuple[Artifact, timedelta]:
        """Return it, and how much longer it is kept.

        Raises InvalidRequest, NotReady, ArtifactNotFound, ArtifactExpired.
        """
        with self.transactions() as transaction:
            artifact = _of(transaction, job, action_id)
            now = transaction.now()
        if artifact.expires_at is None or artifact.expires_at <= now or artifact.deleted_at:
            raise ArtifactExpired
        return artifact, artifact.expires_at - now


def _of(transaction: UnitOfWork, job: Job, action_id: ActionId | None) -> Artifact:
    wanted = [action for action in job.actions if action_id in (None, action.id)]
    found = [artifact for action in wanted if (artifact := transaction.artifacts.published(action.id))]
    if len(found) > 1:
        raise InvalidRequest(SEVERAL, pointer="/action_id")
    if found:
        return found[0]
    if any(not action.is_final for action in wanted):
        raise NotReady
    if any(action.status is not ActionStatus.COMPLETED for action in wanted):
        raise NotReady(NOT_COMPLETED)
    raise ArtifactNotFound
