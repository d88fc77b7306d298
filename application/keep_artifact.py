"""Puts a file that a run made into the object store: bytes first, seen from the transaction that ends the run."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from application.ports.blob_store import BlobStore
from application.ports.run_context import RunContext
from application.ports.unit_of_work import Transactions, UnitOfWork
from domain.action import Action, Run
from domain.artifact import Artifact
from domain.errors import JobNotFound, LeaseLost


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepArtifact:
    """Safe to run twice, also at once: each run has a key of its own, and one of them is published.

    The object is noted before it is put. Who puts looks once more afterwards if the run still has its action: if not,
    the note may have been cleared up before there was an object.
    """

    transactions: Transactions
    blobs: BlobStore
    lifetime: timedelta

    def store(self, path: Path, *, filename: str, content_type: str, context: RunContext) -> Artifact:
        """Put the file, the only one of this run. Raises LeaseLost, StorageUnavailable, DatabaseUnavailable."""
        context.check()
        artifact = self._note(context.run, path, filename=filename, content_type=content_type)
        self.blobs.upload(artifact.object_key, path, content_type=content_type)
        try:
            self._require(context.run)
        except LeaseLost:
            self._delete(artifact)
            raise
        return artifact

    def publish(self, transaction: UnitOfWork, run: Run) -> None:
        """Let it be downloaded from now on, for its time. SQL alone."""
        transaction.artifacts.publish(run, expires_at=transaction.now() + self.lifetime)

    def clean_up(self, action: Action) -> None:
        """Delete what runs have put that are over and were not published."""
        with self.transactions() as transaction:
            left = transaction.artifacts.left_behind(action.id)
        for artifact in left:
            self._delete(artifact)

    def _note(self, run: Run, path: Path, *, filename: str, content_type: str) -> Artifact:
        with self.transactions() as transaction:
            job = transaction.jobs.lock_of(run.action_id)
            job.action(run.action_id).require(run)
            artifact = Artifact(
                action_id=run.action_id,
                run_lease=run.run_lease,
                job_id=job.id,
                filename=filename,
                content_type=content_type,
                size_bytes=path.stat().st_size,
                created_at=transaction.now(),
            )
            transaction.artifacts.add(artifact)
            transaction.commit()
        return artifact

    def _require(self, run: Run) -> None:
        with self.transactions() as transaction:
            try:
                transaction.jobs.lock_of(run.action_id).action(run.action_id).require(run)
            except JobNotFound as error:
                raise LeaseLost from error

    def _delete(self, artifact: Artifact) -> None:
        self.blobs.delete(artifact.object_key)
        with self.transactions() as transaction:
            transaction.artifacts.remove(artifact.run)
            transaction.commit()
