"""Handles the action `callback`: tells whoever asked for it that a job has ended."""

from collections.abc import Callable
from dataclasses import dataclass

from application.ports.callback_sender import Callback, CallbackSender
from application.ports.run_context import RunContext
from application.ports.unit_of_work import Transactions
from application.run_action import Outcome
from domain.action import Action
from domain.callback import end_of, told_job
from domain.job import Job
from domain.report import Report

STARTED_ANEW = "The job was started anew before this end could be told: its next end is."


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverCallback:
    """`params`: job_id, ended_at. Run twice it calls twice, with the same id: receivers tell by it.

    The job is told as it is now. Where a person has retried it since, this end is told no more: an older end must not
    arrive after a newer one.
    """

    transactions: Transactions
    sender: CallbackSender
    # Returns the body: JSON, of bounded size.
    write: Callable[[Job], bytes]

    def __call__(self, action: Action, context: RunContext) -> Outcome:
        """Send it. Raises what the sender raises, and JobNotFound where the job was forgotten meanwhile."""
        context.check()
        with self.transactions() as transaction:
            job = transaction.jobs.lock(told_job(action.params))
        if job.callback_url is None or end_of(job) != action.params["ended_at"]:
            return _outcome(job, None, STARTED_ANEW)
        callback = Callback(
            job_id=job.id,
            url=job.callback_url,
            message_id=str(action.id),
            sent_at=context.now(),
            body=self.write(job),
        )
        status = self.sender.send(callback)
        return _outcome(job, status, f"Answered with {status}")

    def clean_up(self, action: Action) -> None:
        """Nothing is left behind."""


def _outcome(job: Job, status: int | None, message: str) -> Outcome:
    return Outcome(result={"job_id": str(job.id), "status": status}, report=Report(message=message))
