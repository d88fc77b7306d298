"""Port: what failed for good, with its whole history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.action import Action, ActionStatus
from domain.ids import ActionId, DocumentId, TenantId
from domain.report import StageTimes


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLine:
    """What happened to an action: the status it got, in which attempt, by which worker, and the error that ended it.

    `stages` are those of the run that this ended.
    """

    at: datetime
    status: ActionStatus
    attempt: int
    worker: str | None
    error_code: str | None
    error_message: str | None
    stages: Sequence[StageTimes] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A failed action; `history` is in order of time."""

    action: Action
    document_id: DocumentId | None
    filename: str | None
    history: Sequence[HistoryLine]


class DeadLetterReader(Protocol):
    """Reads committed state. Raises DatabaseUnavailable (retryable)."""

    def page(
        self, tenant_id: TenantId, *, code: str | None, before: ActionId | None, limit: int
    ) -> Sequence[DeadLetter]:
        """Return up to `limit` dead letters (with that error code), the youngest action first, older than `before`.

        What was processed anew or deleted since is left out.
        """
        ...

    def causes(self, tenant_id: TenantId) -> Mapping[str, int]:
        """Return how many there are of each error code, the most first."""
        ...
