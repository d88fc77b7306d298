"""Port: what becomes of a task that is about no document."""

from dataclasses import dataclass
from typing import Protocol

from domain.action import Action
from domain.ids import JobId
from domain.job import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskState:
    """A job of one action, and how many live workers serve its queue."""

    job: Job
    workers: int

    @property
    def action(self) -> Action:
        """The one."""
        return self.job.actions[0]


class TaskReader(Protocol):
    """Reads committed state. Raises DatabaseUnavailable (retryable)."""

    def get(self, job_id: JobId, *, action_type: str) -> TaskState:
        """Return the task. Raises JobNotFound, also where the job is of another kind."""
        ...
