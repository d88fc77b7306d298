"""Long operations: started at once, followed for as long as they take."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from domain.errors import JobNotFound
from interface.api.v1.endpoints.jobs import clients_job
from interface.api.v1.endpoints.status import POLL_SECONDS
from interface.api.v1.idempotency import IDEMPOTENT, IdempotencyKey, idempotent, tell_replayed
from interface.api.v1.requests import JobPath, Services
from interface.api.v1.schemas.actions import Params
from interface.api.v1.schemas.operations import (
    JobErrorResponse,
    JobResultResponse,
    JobStartResponse,
    JobStatusResponse,
    OperationState,
    state_of,
)
from interface.api.v1.schemas.problem import problem_response

router = APIRouter(prefix="/operations", tags=["operations"])
OperationPath = Annotated[str, Path(description="The operation's name.", examples=["simulate"])]
NO_OPERATION = problem_response("`operation_not_found`")


@router.post(
    "/{operation}/start",
    status_code=202,
    operation_id="start_operation",
    summary="Start a long operation",
    responses=IDEMPOTENT
    | {404: NO_OPERATION, 422: problem_response("`idempotency_key_reused`, `invalid_request`: see `errors`")},
)
def start_operation(
    services: Services,
    request: Request,
    response: Response,
    *,
    operation: OperationPath,
    body: Params | None = None,
    key: IdempotencyKey = None,
) -> JobStartResponse:
    """Answer at once; the work may take hours. The body has the operation's params and may be left out."""
    params = body or {}
    started = services.start_operation(operation, params, request=idempotent(request, key, params))
    tell_replayed(response, is_replayed=started.is_replayed)
    job = started.job
    result_url = f"{services.public_url.rstrip('/')}/api/v1/operations/{operation}/result/{job.id}"
    response.headers["Location"] = result_url
    response.headers["Retry-After"] = str(POLL_SECONDS)
    return JobStartResponse.of(job, result_url=result_url)


@router.get(
    "/{operation}/result/{job_id}",
    operation_id="get_operation_result",
    summary="Tell how far an operation is, or how it ended",
    response_model=JobStatusResponse | JobResultResponse | JobErrorResponse,
    responses={404: problem_response("`operation_not_found`, `job_not_found`: also where it is of another operation")},
)
def get_operation_result(
    services: Services, response: Response, operation: OperationPath, job_id: JobPath
) -> OperationState:
    """Give its progress while it waits or runs, then its result or its error."""
    services.start_operation.known(operation)
    job = clients_job(services, job_id)
    if [action.type for action in job.actions] != [operation]:
        raise JobNotFound
    if not job.is_final:
        response.headers["Retry-After"] = str(POLL_SECONDS)
    return state_of(job)
