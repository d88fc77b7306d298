"""Cleanup, for those who run Esteira: start a task, read its receipt."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from application.started_job import StartedJob
from domain.cleanup import CLEANUP, CleanupTask, Orders, params_of
from domain.ids import JobId
from interface.api.services import ApiServices
from interface.api.v1.endpoints.status import POLL_SECONDS
from interface.api.v1.idempotency import IDEMPOTENT, IdempotencyKey, idempotent, tell_replayed
from interface.api.v1.requests import JobPath, Services
from interface.api.v1.schemas.problem import NO_JOB
from interface.api.v1.schemas.tasks import CleanupBody, TaskBody, TaskStarted

router = APIRouter(prefix="/cleanup", tags=["cleanup"])


@router.post(
    "/{task}",
    status_code=202,
    operation_id="start_cleanup",
    summary="Clean up in the background",
    responses=IDEMPOTENT,
)
def start_cleanup(
    services: Services,
    request: Request,
    response: Response,
    *,
    task: CleanupTask,
    body: CleanupBody | None = None,
    key: IdempotencyKey = None,
) -> TaskStarted:
    """Start a task, or point to the same one that is running. Nothing that is alive is touched."""
    wanted = body or CleanupBody()
    orders = Orders(dry_run=wanted.dry_run, force=wanted.force)
    task_job = services.start_cleanup(params_of(task, orders), request=idempotent(request, key, wanted))
    return started(task_job, task_url(services, "cleanup", task_job.job.id), response)


@router.get("/{job_id}", operation_id="get_cleanup", summary="Read what a cleanup did", responses=NO_JOB)
def get_cleanup(services: Services, job_id: JobPath) -> TaskBody:
    """Give the state, and the receipt once it is completed, for `ESTEIRA_RESULT_TTL_HOURS`."""
    return TaskBody.of(
        services.tasks.get(job_id, action_type=CLEANUP), status_url=task_url(services, "cleanup", job_id)
    )


def started(task: StartedJob, url: str, response: Response) -> TaskStarted:
    """Return the answer, with where to look for more and when."""
    tell_replayed(response, is_replayed=task.is_replayed)
    response.headers["Location"] = url
    response.headers["Retry-After"] = str(POLL_SECONDS)
    return TaskStarted.of(task.job, status_url=url)


def task_url(services: ApiServices, kind: str, job_id: JobId) -> str:
    """Return the absolute URL of a task."""
    return f"{services.public_url.rstrip('/')}/api/v1/{kind}/{job_id}"
