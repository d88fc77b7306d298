"""The queue, for those who run it: cancel and retry jobs, look through dead letters and replay them."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from domain.ids import DEFAULT_TENANT
from domain.job import Job
from interface.api.cursors import action_cursor, read_action_cursor
from interface.api.v1.endpoints.status import POLL_SECONDS
from interface.api.v1.requests import DEFAULT_LIMIT, Cursor, JobPath, Limit, Services, document_url
from interface.api.v1.schemas.problem import INVALID, NO_JOB, problem_response
from interface.api.v1.schemas.queue import DeadLetterBody, DeadLetterList, JobBody, ReplayBody, Replayed
from interface.api.v1.schemas.values import Text

router = APIRouter(prefix="/queue", tags=["queue"])


@router.post(
    "/jobs/{job_id}/cancel",
    operation_id="cancel_job",
    summary="Cancel a job",
    responses=NO_JOB | {409: problem_response("`already_final`: nothing is waiting or running")},
)
def cancel_job(services: Services, job_id: JobPath) -> JobBody:
    """Cancel at once what waits; what runs is cancelled by its worker within seconds."""
    return _job_body(services, services.cancel_job(job_id))


@router.post(
    "/jobs/{job_id}/retry",
    status_code=202,
    operation_id="retry_job",
    summary="Try a failed job again",
    responses={
        404: problem_response("`job_not_found`, `document_not_found`: its document was deleted"),
        409: problem_response("`not_failed`: nothing of it has failed, or it was processed anew since"),
    },
)
def retry_job(services: Services, response: Response, job_id: JobPath) -> JobBody:
    """Start what failed anew, with all its attempts."""
    body = _job_body(services, services.retry_job(job_id))
    if body.status_url:
        response.headers["Location"] = body.status_url
    response.headers["Retry-After"] = str(POLL_SECONDS)
    return body


@router.get(
    "/dead-letters", operation_id="list_dead_letters", summary="List what failed, with its history", responses=INVALID
)
def list_dead_letters(
    services: Services,
    *,
    code: Annotated[Text | None, Query(max_length=100, description="The error's code.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> DeadLetterList:
    """Give what failed for good and was not processed anew since, the youngest work first."""
    before = read_action_cursor(cursor)
    found = services.dead_letters.page(DEFAULT_TENANT, code=code, before=before, limit=limit + 1)
    return DeadLetterList(
        items=[DeadLetterBody.of(letter) for letter in found[:limit]],
        next_cursor=action_cursor(found[limit - 1].action.id) if len(found) > limit else None,
    )


@router.post(
    "/dead-letters/retry",
    status_code=202,
    operation_id="replay_dead_letters",
    summary="Try again what failed, all or by cause",
    responses=INVALID,
)
def replay_dead_letters(services: Services, body: ReplayBody | None = None) -> Replayed:
    """Start anew every job that failed before now, with that error code if there is one."""
    return Replayed(retried=services.replay_dead_letters(body.code if body else None))


def _job_body(services: Services, job: Job) -> JobBody:
    url = document_url(services, job.document_id) if job.document_id else None
    return JobBody.of(job, document_url=url)
