"""Jobs, for those who run Esteira: look through them and their timelines, cancel and retry them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from application.ports.job_reader import JobFilter
from domain.action import ActionStatus
from domain.ids import DEFAULT_TENANT, DocumentId
from domain.job import Job
from interface.api.cursors import job_cursor, read_job_cursor
from interface.api.v1.endpoints.status import POLL_SECONDS
from interface.api.v1.requests import DEFAULT_LIMIT, Cursor, JobPath, Limit, Services, document_url
from interface.api.v1.schemas.jobs import JobBody, JobHistoryBody, JobList, ListedJob
from interface.api.v1.schemas.problem import INVALID, NO_JOB, problem_response
from interface.api.v1.schemas.values import Text

router = APIRouter(prefix="/queue/jobs", tags=["queue"])


@router.get("", operation_id="list_jobs", summary="List jobs, newest first", responses=INVALID)
def list_jobs(
    services: Services,
    *,
    status: Annotated[ActionStatus | None, Query(description="The job's state.")] = None,
    queue: Annotated[Text | None, Query(max_length=100, description="Jobs with an action in this queue.")] = None,
    document_id: Annotated[UUID | None, Query(description="Jobs of this document.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> JobList:
    """Give the jobs with their actions."""
    wanted = JobFilter(
        tenant_id=DEFAULT_TENANT,
        status=status,
        queue=queue,
        document_id=None if document_id is None else DocumentId(document_id),
    )
    found = services.jobs.page(wanted, before=read_job_cursor(cursor), limit=limit + 1)
    return JobList(
        items=[ListedJob.of_state(state, document_url=_url(services, state.job)) for state in found[:limit]],
        next_cursor=job_cursor(found[limit - 1].job.id) if len(found) > limit else None,
    )


@router.get("/{job_id}", operation_id="get_job", summary="Tell all that happened to a job", responses=NO_JOB)
def get_job(services: Services, job_id: JobPath) -> JobHistoryBody:
    """Give its actions, each with its error, its result and its timeline."""
    history = services.jobs.history(DEFAULT_TENANT, job_id)
    return JobHistoryBody.of_history(history, document_url=_url(services, history.state.job))


@router.post(
    "/{job_id}/cancel",
    operation_id="cancel_job",
    summary="Cancel a job",
    responses=NO_JOB | {409: problem_response("`already_final`: nothing is waiting or running")},
)
def cancel_job(services: Services, job_id: JobPath) -> JobBody:
    """Cancel at once what waits; what runs is cancelled by its worker within seconds."""
    job = services.cancel_job(job_id)
    return JobBody.of(job, document_url=_url(services, job))


@router.post(
    "/{job_id}/retry",
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
    job = services.retry_job(job_id)
    body = JobBody.of(job, document_url=_url(services, job))
    if body.status_url:
        response.headers["Location"] = body.status_url
    response.headers["Retry-After"] = str(POLL_SECONDS)
    return body


def _url(services: Services, job: Job) -> str | None:
    return document_url(services, job.document_id) if job.document_id else None
