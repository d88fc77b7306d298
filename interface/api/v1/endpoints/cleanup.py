"""Cleanup, for those who run Esteira: start a task, read its receipt."""

from fastapi import APIRouter
from starlette.responses import Response

from domain.cleanup import CLEANUP, CleanupTask, Orders, params_of
from domain.ids import JobId
from domain.job import Job
from interface.api.services import ApiServices
from interface.api.v1.endpoints.status import POLL_SECONDS
from interface.api.v1.requests import JobPath, Services
from interface.api.v1.schemas.problem import INVALID, NO_JOB
from interface.api.v1.schemas.tasks import CleanupBody, TaskBody, TaskStarted

router = APIRouter(prefix="/cleanup", tags=["cleanup"])


@router.post(
    "/{task}", status_code=202, operation_id="start_cleanup", summary="Clean up in the background", responses=INVALID
)
def start_cleanup(
    services: Services, response: Response, task: CleanupTask, body: CleanupBody | None = None
) -> TaskStarted:
    """Start a task, or point to the same one that is running. Nothing that is alive is touched."""
    orders = Orders(dry_run=body.dry_run, force=body.force) if body else Orders()
    job = services.start_cleanup(params_of(task, orders))
    return started(job, task_url(services, "cleanup", job.id), response)


@router.get("/{job_id}", operation_id="get_cleanup", summary="Read what a cleanup did", responses=NO_JOB)
def get_cleanup(services: Services, job_id: JobPath) -> TaskBody:
    """Give the state, and the receipt once it is completed, for `ESTEIRA_RESULT_TTL_HOURS`."""
    return TaskBody.of(
        services.tasks.get(job_id, action_type=CLEANUP), status_url=task_url(services, "cleanup", job_id)
    )


def started(job: Job, url: str, response: Response) -> TaskStarted:
    """Return the answer, with where to look for more and when."""
    response.headers["Location"] = url
    response.headers["Retry-After"] = str(POLL_SECONDS)
    return TaskStarted.of(job, status_url=url)


def task_url(services: ApiServices, kind: str, job_id: JobId) -> str:
    """Return the absolute URL of a task."""
    return f"{services.public_url.rstrip('/')}/api/v1/{kind}/{job_id}"
