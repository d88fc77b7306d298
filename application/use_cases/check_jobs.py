"""Checks for jobs that nobody will run."""

import contextlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from application.ports.job_audit import JobAudit
from application.ports.run_context import RunContext
from application.use_cases.cancel_job import CancelJob
from domain.audit import Finding
from domain.cleanup import MOST_EXAMPLES
from domain.errors import AlreadyFinal, JobNotFound
from domain.ids import JobId

# A worker that restarts is back before this.
WITHOUT_WORKER = timedelta(minutes=1)
# Of a newer version that is being rolled out, say.
UNKNOWN_TYPE = timedelta(hours=1)
MOST_JOBS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckJobs:
    """What waits for a worker is never ended here; what nobody here could ever run is cancelled, and stays to be read.

    `known_types` gives the action types of this installation.
    """

    audit: JobAudit
    cancel_job: CancelJob
    known_types: Callable[[], Collection[str]]

    def __call__(self, *, fix: bool, context: RunContext) -> Sequence[Finding]:
        """Look at what waits."""
        context.check()
        unknown = self.audit.unknown(self.known_types(), due_for=UNKNOWN_TYPE, limit=MOST_JOBS)
        without_document = self.audit.without_document(limit=MOST_JOBS)
        findings = [
            self._ended(
                "jobs_of_unknown_type", "Jobs of a type that this installation does not know.", unknown, fix=fix
            ),
            self._ended(
                "jobs_without_document", "Jobs that wait to work on a document that is gone.", without_document, fix=fix
            ),
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

    def _ended(self, code: str, sentence: str, jobs: Sequence[JobId], *, fix: bool) -> Finding:
        return Finding(
            code=code,
            sentence=sentence,
            count=len(jobs),
            repaired=self._cancel(jobs) if fix else 0,
            repair="They are cancelled, and stay in the history.",
            advice="Start the version or the plug-in that knows them, or run `esteira doctor --fix`.",
            examples=tuple(map(str, jobs[:MOST_EXAMPLES])),
        )

    def _cancel(self, jobs: Sequence[JobId]) -> int:
        for job_id in jobs:
            with contextlib.suppress(AlreadyFinal, JobNotFound):  # it has ended by itself
                self.cancel_job(job_id)
        return len(jobs)
