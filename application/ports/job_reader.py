"""Port: jobs with what happened to them, as those see them who run Esteira."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from application.ports.dead_letter_reader import HistoryLine
from application.state_version import StateVersion
from domain.action import ActionStatus
from domain.ids import ActionId, DocumentId, JobId, TenantId
from domain.job import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Which jobs are listed; None does not filter. `queue` finds jobs that have an action in it."""

    tenant_id: TenantId
    status: ActionStatus | None = None
    queue: str | None = None
    document_id: DocumentId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobState:
    """A job; `filename` is its document's, None where it has none or that was deleted."""

    job: Job
    filename: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobHistory:
    """A job with what happened to each of its actions, in order of time; `read_at` is the database's time."""

    state: JobState
    lines: Mapping[ActionId, Sequence[HistoryLine]]
    read_at: datetime


class JobReader(Protocol):
    """Reads committed state. Raises DatabaseUnavailable (retryable)."""

    def page(self, job_filter: JobFilter, *, before: JobId | None, limit: int) -> Sequence[JobState]:
        """Return up to `limit` jobs, newest first, older than `before`."""
        ...

    def get(self, tenant_id: TenantId, job_id: JobId) -> Job:
        """Return one job. Raises JobNotFound."""
        ...

    def several(self, tenant_id: TenantId, job_ids: Sequence[JobId]) -> Sequence[Job]:
        """Return those jobs that exist, in any order."""
        ...

    def versions(self, tenant_id: TenantId, job_ids: Sequence[JobId]) -> Mapping[JobId, StateVersion]:
        """Return the versions alone, cheaply, of those that exist."""
        ...

    def history(self, tenant_id: TenantId, job_id: JobId) -> JobHistory:
        """Return one job with its history. Raises JobNotFound."""
        ...
