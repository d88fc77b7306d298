"""Port: jobs with their actions, inside a transaction."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from domain.action import Action, Run
from domain.ids import ActionId, DocumentId, JobId
from domain.job import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """A message to send: which action may start, and what a person who watches the queue wants to read."""

    action: Action
    document_id: str | None
    filename: str | None


class JobStore(Protocol):
    """Jobs of the unit of work's transaction. Locks are taken on the job first, then on its actions."""

    def add(self, *added: Job) -> None:
        """Insert jobs with their actions."""
        ...

    def lock(self, job_id: JobId) -> Job:
        """Return the job with all its actions, locked until the transaction ends. Raises JobNotFound."""
        ...

    def unfinished(self, document_id: DocumentId) -> Sequence[JobId]:
        """Find the jobs of a document that have not ended. No lock is taken."""
        ...

    def lock_of(self, action_id: ActionId) -> Job:
        """Return the job of an action, as `lock`. Raises JobNotFound."""
        ...

    def try_lock_of(self, action_id: ActionId) -> Job | None:
        """Return the job of an action, locked, or None where another transaction has it, or it is gone.

        For sweeps, which come back: one job that is held must not keep them from all others.
        """
        ...

    def document_of(self, job_id: JobId) -> DocumentId | None:
        """Return the document that the job is about, which is locked before the job. Raises JobNotFound."""
        ...

    def save(self, job: Job) -> None:
        """Write what changed since `lock`, append to the timeline, and wake those who wait for news of the job.

        Where this ends a job that has a callback, the job that tells of it (domain/callback.py) is added with it.
        """
        ...

    def count_refused(self, action: Action) -> None:
        """Count a run whose worker came to write after its lease was over."""
        ...

    def take_unsent(self, limit: int, *, types: Collection[str]) -> Sequence[Dispatch]:
        """Lock and return pending actions which are due and unsent, oldest first; skip those others have locked.

        What waits in a queue that is paused is left there. Here and below, `types` are the action types that this
        process knows; others are left to a process that does.
        """
        ...

    def mark_sent(self, action_ids: Sequence[ActionId]) -> None:
        """Note that messages are in the queue. The actions must be locked by `take_unsent`."""
        ...

    def expired(self, limit: int, *, after_start: timedelta) -> Sequence[ActionId]:
        """Return actions of any type whose lease has run out or deadline has passed, oldest first. Locks nothing.

        None before the database has been up for `after_start`: while it was away nobody could beat.
        """
        ...

    def sent_before(self, seconds: float, limit: int) -> Sequence[Action]:
        """Return pending actions whose message was sent that long ago, of each queue the first `limit` that are due.

        Of each: messages in a queue that is paused, or that nobody serves, lie there for long. Locks nothing.
        """
        ...

    def failed(self, *, code: str | None, before: datetime, limit: int) -> Sequence[JobId]:
        """Return jobs with an action that failed (with that code) before then, oldest first. Locks nothing.

        A job whose document was processed anew or deleted since is left out: there is nothing to make good.
        """
        ...

    def count_failed(self, *, code: str | None, before: datetime) -> int:
        """Count what `failed` would return without a limit. Reads all of them."""
        ...

    def unclean(self, limit: int, *, types: Collection[str]) -> Sequence[Action]:
        """Return actions that are not at work and behind whose last run nobody has cleared up. Locks nothing."""
        ...

    def mark_clean(self, run: Run) -> None:
        """Note that all is cleared up behind the run, if it is over and the action's last; readers see no change."""
        ...
