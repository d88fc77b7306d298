"""Cleanup: which tasks there are, and what one tells of its work."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

CLEANUP = "cleanup"
CLEANUP_QUEUE = "cleanup_tasks"
# Enough for a person to see what it is about.
MOST_EXAMPLES = 10


class CleanupTask(StrEnum):
    """What can be asked for; docs/cleanup.md says what each covers."""

    S3 = "s3"
    EXPIRED = "expired"
    ORPHANS = "orphans"
    JOBS = "jobs"
    DAILY = "daily"


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """How a task shall be done: only counting, or also against the doubt that this is the wrong object store."""

    dry_run: bool = False
    force: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """How many things, and how many bytes they take."""

    count: int = 0
    size_bytes: int = 0

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(count=self.count + other.count, size_bytes=self.size_bytes + other.size_bytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What was removed of one kind, or would be in a dry run; `left` were found and stay for the next time."""

    kind: str
    amount: Amount = field(default_factory=Amount)
    left: int = 0
    examples: tuple[str, ...] = ()
    note: str | None = None

    def and_also(self, subject: str, amount: Amount) -> "Swept":
        """Return it with one more."""
        examples = (*self.examples, subject)[:MOST_EXAMPLES]
        return replace(self, amount=self.amount + amount, examples=examples)

    def and_left(self, subject: str, why: str) -> "Swept":
        """Return it with one more that stays; the note is about the first."""
        return replace(self, left=self.left + 1, note=self.note or f"{subject} stays: {why}")

    def as_json(self) -> Mapping[str, object]:
        """Return it as the receipt keeps it."""
        return {
            "kind": self.kind,
            "count": self.amount.count,
            "bytes": self.amount.size_bytes,
            "left": self.left,
            "examples": list(self.examples),
            "note": self.note,
        }


def params_of(task: CleanupTask, orders: Orders) -> Mapping[str, object]:
    """Return what the action is told."""
    return {"task": task.value, "dry_run": orders.dry_run, "force": orders.force}
