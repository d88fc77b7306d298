"""Checks for what a cleanup would remove; the repair is that cleanup."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from application.ports.run_context import RunContext
from application.sweep import Sweep
from domain.audit import Finding
from domain.cleanup import Orders, Swept

SENTENCES: Mapping[str, str] = {
    "orphan_objects": "Objects in the store that no document and no artifact has.",
    "upload_leftovers": "Uploads in parts in the store that nobody will complete.",
    "half_written_files": "Files of the store that were left half written.",
    "unpublished_passages": "Pages and chunks of runs that are neither published nor at work, or of no document.",
    "staged_objects": "Objects noted for attachments that never came to be.",
    "vectors_without_chunk": "Vectors or postings whose chunk is gone.",
}
REPAIR = "They are deleted."


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckLeftovers:
    """Nobody can reach any of this, so nothing is lost with it."""

    sweep: Sweep

    def __call__(self, *, fix: bool, context: RunContext) -> Sequence[Finding]:
        """Sweep, or only count."""
        swept = self.sweep(Orders(dry_run=not fix), context)
        return [_finding(each, fix=fix) for each in swept if each.amount.count + each.left]


def _finding(swept: Swept, *, fix: bool) -> Finding:
    return Finding(
        code=swept.kind,
        sentence=SENTENCES[swept.kind],
        count=swept.amount.count + swept.left,
        repaired=swept.amount.count if fix else 0,
        repair=REPAIR,
        advice=swept.note or "Run `esteira doctor --fix`, or wait for the next daily cleanup.",
        examples=swept.examples,
    )
