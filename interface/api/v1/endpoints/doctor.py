"""The doctor, for those who run Esteira: hold objects, rows, vectors and jobs against each other."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from domain.audit import DOCTOR
from interface.api.v1.endpoints.cleanup import started, task_url
from interface.api.v1.idempotency import IDEMPOTENT, IdempotencyKey, idempotent
from interface.api.v1.requests import JobPath, Services
from interface.api.v1.schemas.problem import NO_JOB
from interface.api.v1.schemas.tasks import DoctorBody, TaskBody, TaskStarted

router = APIRouter(prefix="/doctor", tags=["doctor"])


@router.post(
    "",
    status_code=202,
    operation_id="start_doctor",
    summary="Audit everything in the background",
    responses=IDEMPOTENT,
)
def start_doctor(
    services: Services,
    request: Request,
    response: Response,
    body: DoctorBody | None = None,
    key: IdempotencyKey = None,
) -> TaskStarted:
    """Start an audit, or point to the same one that is running. With `fix`, repair what loses nothing."""
    wanted = body or DoctorBody()
    audit = services.start_doctor({"fix": wanted.fix}, request=idempotent(request, key, wanted))
    return started(audit, task_url(services, "doctor", audit.job.id), response)


@router.get("/{job_id}", operation_id="get_doctor", summary="Read what an audit found", responses=NO_JOB)
def get_doctor(services: Services, job_id: JobPath) -> TaskBody:
    """Give the state, and the report once it is completed, for `ESTEIRA_RESULT_TTL_HOURS`."""
    return TaskBody.of(services.tasks.get(job_id, action_type=DOCTOR), status_url=task_url(services, "doctor", job_id))
