"""Long operations: started at once, followed for as long as they take."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from application.run_action import ActionType
from domain.api_key import Caller
from domain.errors import JobNotFound
from domain.ids import JobId
from interface.api.services import ApiServices
from interface.api.v1.endpoints.jobs import clients_job
from interface.api.v1.endpoints.status import POLL_SECONDS
from interface.api.v1.idempotency import IDEMPOTENT, IdempotencyKey, idempotent, tell_replayed
from interface.api.v1.requests import CallerOf, JobPath, Services
from interface.api.v1.schemas.actions import Params
from interface.api.v1.schemas.operations import (
    JobErrorResponse,
    JobResultResponse,
    JobStartResponse,
    JobStatusResponse,
    OperationState,
    state_of,
)
from interface.api.v1.schemas.problem import NO_JOB, problem_response

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
    caller: CallerOf,
    request: Request,
    response: Response,
    *,
    operation: OperationPath,
    body: Params | None = None,
    key: IdempotencyKey = None,
) -> JobStartResponse:
    """Answer at once; the work may take hours. The body has the operation's params and may be left out."""
    return _started(services, caller, request, response, operation=operation, body=body, key=key)


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
    return _state(services, response, operation, job_id)


def prefixed(action_types: Mapping[str, ActionType]) -> APIRouter:
    """Return the same calls once more for each type that has a prefix of its own."""
    router = APIRouter(tags=["operations"])
    for kind in _with_prefix(action_types):
        router.add_api_route(
            f"{kind.prefix}/start",
            _start(kind.name),
            methods=["POST"],
            status_code=202,
            operation_id=f"start_{kind.name}",
            summary=kind.summary or f"Start {kind.name}",
            responses=IDEMPOTENT,
        )
        router.add_api_route(
            f"{kind.prefix}/result/{{job_id}}",
            _follow(kind.name),
            methods=["GET"],
            operation_id=f"get_{kind.name}_result",
            summary=f"Tell how far {kind.name} is, or how it ended",
            response_model=JobStatusResponse | JobResultResponse | JobErrorResponse,
            responses=NO_JOB,
        )
    return router


def params_by_path(action_types: Mapping[str, ActionType]) -> Mapping[str, Mapping[str, Any]]:
    """Return the schemas of the params that are sent to `prefixed` paths."""
    return {f"{kind.prefix}/start": kind.params_schema or {} for kind in _with_prefix(action_types)}


def _with_prefix(action_types: Mapping[str, ActionType]) -> Sequence[ActionType]:
    return [kind for kind in action_types.values() if kind.prefix]


def _start(operation: str) -> Callable[..., JobStartResponse]:
    def start(
        services: Services,
        caller: CallerOf,
        request: Request,
        response: Response,
        *,
        body: Params | None = None,
        key: IdempotencyKey = None,
    ) -> JobStartResponse:
        """Answer at once; the work may take hours."""
        return _started(services, caller, request, response, operation=operation, body=body, key=key)

    return start


def _follow(operation: str) -> Callable[..., OperationState]:
    def follow(services: Services, response: Response, job_id: JobPath) -> OperationState:
        """Give its progress while it waits or runs, then its result or its error."""
        return _state(services, response, operation, job_id)

    return follow


def _started(
    services: ApiServices,
    caller: Caller,
    request: Request,
    response: Response,
    *,
    operation: str,
    body: Mapping[str, Any] | None,
    key: str | None,
) -> JobStartResponse:
    params = body or {}
    started = services.start_operation(operation, params, caller=caller, request=idempotent(request, key, params))
    tell_replayed(response, is_replayed=started.is_replayed)
    job = started.job
    # Beside the address that was asked: an operation may have two.
    beside = request.url.path.removesuffix("/start")
    result_url = f"{services.public_url.rstrip('/')}{beside}/result/{job.id}"
    response.headers["Location"] = result_url
    response.headers["Retry-After"] = str(POLL_SECONDS)
    return JobStartResponse.of(job, result_url=result_url)


def _state(services: ApiServices, response: Response, operation: str, job_id: JobId) -> OperationState:
    services.start_operation.known(operation)
    job = clients_job(services, job_id)
    if [action.type for action in job.actions] != [operation]:
        raise JobNotFound
    if not job.is_final:
        response.headers["Retry-After"] = str(POLL_SECONDS)
    return state_of(job)
