"""What a callback says."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from domain.job import Job
from interface.api.v1.schemas.actions import JobStatus
from interface.api.v1.schemas.values import Instant

MAX_BODY_BYTES = 256 * 1024


class CallbackData(JobStatus):
    """The job's status object, and the document that it is about, if any."""

    document_id: UUID | None


class CallbackBody(BaseModel):
    """The end of a job. `timestamp` is when it ended; `results_left_out` is true where they would be too large."""

    type: Literal["job.completed", "job.failed", "job.cancelled"]
    timestamp: Instant
    data: CallbackData
    results_left_out: bool = False


def callback_body(job: Job) -> bytes:
    """Return the body for a job that has ended. Without the results where it would have more than 256 KiB."""
    status = JobStatus.of(job)
    data = CallbackData(**status.model_dump(), document_id=job.document_id)
    whole = CallbackBody.model_validate({"type": f"job.{job.status}", "timestamp": job.completed_at, "data": data})
    body = whole.model_dump_json().encode()
    if len(body) <= MAX_BODY_BYTES:
        return body
    actions = [action.model_copy(update={"result": None}) for action in data.actions]
    short = whole.model_copy(update={"data": data.model_copy(update={"actions": actions}), "results_left_out": True})
    return short.model_dump_json().encode()
