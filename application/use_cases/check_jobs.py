"""Checks for jobs that nobody will run."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from application.ports.job_audit import JobAudit
from application.ports.run_context import RunContext
from application.ports.unit_of_work import Transactions
from application.use_cases.cancel_job import CancelJob
from domain.action import Action
from domain.audit import Finding
from domain.cleanup import MOST_EXAMPLES
from domain.errors import AlreadyFinal, JobNotFound
from domain.ids import JobId

# A worker that restarts is back before this.
WITHOUT_WORKER = timedelta(minutes=1)
# Of a newer version that is being rolled out, say.
UNKNOWN_TYPE = timedelta(hours=1)
MOST_JOBS = 1000
OF_UNKNOWN_TYPE = Finding(
    code="jobs_of_unknown_type",
    sentence="Jobs that wait for an action of a type that this installation does not know.",
    count=0,
    repair="These actions are cancelled, and stay in the history; others of the same job go on.",
    advice="Start the version or the plug-in that knows them, or run `esteira doctor --fix`.",
)
WITHOUT_DOCUMENT = Finding(
    code="jobs_without_document",
    sentence="Jobs that wait to work on a document that is gone.",
    count=0,
    repair="They are cancelled, and stay in the history.",
    advice="Run `esteira doctor --fix`.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckJobs:
    """What waits for a worker is never ended here; what nobody here could ever run is cancelled, and stays to be read.

    Of a job, that is only what has waited so long for a type that is not known: what runs, and what can, goes on.
    `known_types` gives the action types of this installation.
    """

    transactions: Transactions
    audit: JobAudit
    cancel_job: CancelJob
    known_types: Callable[[], Collection[str]]

    def __call__(self, *, fix: bool, context: RunContext) -> Sequence[Finding]:
        """Look at what waits."""
        context.check()
        types = self.known_types()
        unknown = self.audit.unknown(types, due_for=UNKNOWN_TYPE, limit=MOST_JOBS)
        without_document = self.audit.without_document(limit=MOST_JOBS)
        findings = [
            _finding(OF_UNKNOWN_TYPE, unknown, _count(partial(self._cancel_unknown, types), unknown if fix else ())),
            _finding(WITHOUT_DOCUMENT, without_document, _count(self.cancel_job, without_document if fix else ())),
        ]
        for queue in self.audit.unserved(due_for=WITHOUT_WORKER):
            finding = Finding(
                code="queue_without_worker",
                sentence=f"{queue.waiting} jobs wait in the queue {queue.queue}, which no worker serves.",
                count=1,
                repair=None,
                advice=f"Start a worker: `python worker.py --queue {queue.queue}`.",
                examples=(queue.queue,),
            )
            findings.append(finding)
        return [finding for finding in findings if finding.count]

    def _cancel_unknown(self, types: Collection[str], job_id: JobId) -> None:
        """Raises JobNotFound, AlreadyFinal where none of it waits any more."""
        with self.transactions() as transaction:
            job, now = transaction.jobs.lock(job_id), transaction.now()

            def is_unknown(action: Action) -> bool:
                return action.type not in types and action.due_at < now - UNKNOWN_TYPE

            ended = job.cancel_waiting(is_unknown, now=now)
            transaction.jobs.save(ended)
            # Nobody here can clear up behind an earlier run of theirs: what it left is the sweeps' now.
            for before, after in zip(job.actions, ended.actions, strict=True):
                if before is not after:
                    transaction.jobs.mark_clean(after.run)
            transaction.commit()


def _count(cancel: Callable[[JobId], object], jobs: Sequence[JobId]) -> int:
    """Cancel; return how many it was done to."""
    cancelled = 0
    for job_id in jobs:
        try:
            cancel(job_id)
        except (AlreadyFinal, JobNotFound):  # it has ended by itself
            continue
        cancelled += 1
    return cancelled


def _finding(kind: Finding, jobs: Sequence[JobId], repaired: int) -> Finding:
    return replace(kind, count=len(jobs), repaired=repaired, examples=tuple(map(str, jobs[:MOST_EXAMPLES])))
