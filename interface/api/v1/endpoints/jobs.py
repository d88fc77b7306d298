"""Jobs of several actions: start one, follow it, cancel it."""

from anyio import to_thread
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from application.state_version import StateVersion
from domain.errors import JobNotFound
from domain.ids import DEFAULT_TENANT, JobId
from domain.job import Job
from interface.api.conditional import CACHE_CONTROL, etag_of, matches, unchanged
from interface.api.feeds import is_clients
from interface.api.services import ApiServices
from interface.api.v1.endpoints.status import POLL_SECONDS, UNCHANGED
from interface.api.v1.idempotency import IDEMPOTENT, IdempotencyKey, idempotent, tell_replayed
from interface.api.v1.requests import CallerOf, FeedsOf, IfNoneMatch, JobPath, Services, Wait, job_url
from interface.api.v1.schemas.actions import JobRequest, JobStarted, JobStatus
from interface.api.v1.schemas.problem import INVALID, NO_JOB, problem_response
from interface.api.v1.status_changes import wait_for_change

router = APIRouter(prefix="/jobs", tags=["jobs"])


@router.post(
    "",
    status_code=202,
    operation_id="start_job",
    summary="Start a job of several actions",
    responses=IDEMPOTENT
    | {
        422: problem_response(
            "`unknown_action_type`, `callback_refused`, `idempotency_key_reused`, `invalid_request`: see `errors`"
        )
    },
)
def start_job(
    services: Services,
    caller: CallerOf,
    request: Request,
    response: Response,
    *,
    body: JobRequest,
    key: IdempotencyKey = None,
) -> JobStarted:
    """Start actions of any types that run on their own, in parallel."""
    started = services.start_job(
        body.requested(), caller=caller, callback_url=body.callback_url, request=idempotent(request, key, body)
    )
    tell_replayed(response, is_replayed=started.is_replayed)
    job = started.job
    answer = JobStarted.of(job, job_url=job_url(services, job.id))
    response.headers["Location"] = answer.status_url
    response.headers["Retry-After"] = str(POLL_SECONDS)
    return answer


@router.get(
    "/{job_id}/status",
    operation_id="get_job_status",
    summary="Tell how far a job is",
    response_model=JobStatus,
    responses=UNCHANGED | NO_JOB | INVALID,
)
async def get_job_status(
    services: Services,
    feeds: FeedsOf,
    request: Request,
    response: Response,
    *,
    job_id: JobPath,
    wait: Wait = None,
    if_none_match: IfNoneMatch = None,
) -> JobStatus | Response:
    """Give the job with each of its actions; with `If-None-Match` 304 while the version is the same.

    With `wait`, the answer is held until the version is another than that of `If-None-Match` or, without that, than
    the present one. What is final is answered at once.
    """
    if wait:
        is_gone = request.is_disconnected
        await wait_for_change(feeds.jobs, job_id, if_none_match=if_none_match, seconds=wait, is_gone=is_gone)
    job = await to_thread.run_sync(clients_job, services, job_id)
    etag = etag_of(StateVersion(job.version))
    if matches(if_none_match, etag):
        return unchanged(etag)
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = CACHE_CONTROL
    if not job.is_final:
        response.headers["Retry-After"] = str(POLL_SECONDS)
    return JobStatus.of(job)


@router.post(
    "/{job_id}/cancel",
    operation_id="cancel_job_actions",
    summary="Cancel what waits and runs of a job",
    responses=NO_JOB | {409: problem_response("`already_final`: nothing is waiting or running")},
)
def cancel_job(services: Services, job_id: JobPath) -> JobStatus:
    """Cancel at once what waits; what runs is cancelled by its worker within seconds."""
    clients_job(services, job_id)
    return JobStatus.of(services.cancel_job(job_id))


def clients_job(services: ApiServices, job_id: JobId) -> Job:
    """Return the job. Raises JobNotFound, also where it is a task of those who run Esteira: those have a scope."""
    job = services.jobs.get(DEFAULT_TENANT, job_id)
    if not is_clients(job):
        raise JobNotFound
    return job
