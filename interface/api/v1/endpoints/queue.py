"""The queues, for those who run Esteira: what they hold, if all is well, who serves them; pause and resume."""

import logging
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from application.ports.queue_messages import MessageState
from application.ports.queue_reader import QueueState
from application.queue_health import judge
from domain.errors import DatabaseUnavailable, QueueUnavailable
from interface.api.v1.endpoints.health import Part, asked
from interface.api.v1.requests import QueuePath, Services
from interface.api.v1.schemas.problem import INVALID, Responses, problem_response
from interface.api.v1.schemas.queue import (
    PartHealth,
    QueueHealthBody,
    QueueInfo,
    StackHealth,
    SwitchedQueue,
    Throughput,
    WorkerBody,
    WorkerList,
)
from interface.api.v1.schemas.values import Text

log = logging.getLogger(__name__)
router = APIRouter(prefix="/queue", tags=["queue"])
NO_QUEUE: Responses = {404: problem_response("`queue_not_found`")}
ADVICE = {
    "database": "See that PostgreSQL runs and that ESTEIRA_DATABASE_URL names it; nothing can be accepted meanwhile.",
    "redis": "See that Redis runs and that ESTEIRA_REDIS_URL names it; new work waits in PostgreSQL meanwhile.",
    "storage": "See that the object store answers and that its credentials hold; uploads and runs fail meanwhile.",
}
NOT_COUNTED = Part(
    ready=False,
    code=DatabaseUnavailable.code,
    detail="The database does not tell what the queues hold; the server's log says why.",
)


@router.get("/info", operation_id="get_queue_info", summary="Count what each queue holds")
def get_queue_info(services: Services) -> QueueInfo:
    """Count in PostgreSQL; RQ's own counts stand beside."""
    states = dict(services.queues.states())
    return QueueInfo.of(states, services.queues.failure_rate(), _messages(services))


@router.get("/throughput", operation_id="get_throughput", summary="Count what ended in each hour", responses=INVALID)
def get_throughput(
    services: Services,
    queue: Annotated[Text | None, Query(max_length=100, description="What ended in this queue, else in all.")] = None,
) -> Throughput:
    """Count actions that completed or failed; an index of a document is one."""
    return Throughput.of(services.queues.hours(queue))


@router.get(
    "/health",
    operation_id="get_queue_health",
    summary="Tell if work gets done, and if not, what to do",
    responses={503: {"model": StackHealth, "description": "A part does not answer, or a queue is starved or stuck."}},
)
def get_queue_health(services: Services, response: Response) -> StackHealth:
    """Ask database, Redis and object store, and judge each queue."""
    answers = asked(services.monitored_parts)
    states = _states(services) if answers["database"].ready else {}
    if states is None:
        answers["database"] = NOT_COUNTED
    parts = {name: _part(name, part) for name, part in answers.items()}
    queues = {name: QueueHealthBody.of(judge(name, state)) for name, state in (states or {}).items()}
    is_healthy = all(part.healthy for part in parts.values()) and all(queue.healthy for queue in queues.values())
    if not is_healthy:
        response.status_code = 503
    return StackHealth(healthy=is_healthy, parts=parts, queues=queues)


@router.get("/workers", operation_id="list_workers", summary="List the worker processes and what they do")
def list_workers(services: Services) -> WorkerList:
    """Give those that live, and those that were killed in the last hour."""
    return WorkerList(items=[WorkerBody.of(worker) for worker in services.queues.workers()])


@router.post("/{name}/pause", operation_id="pause_queue", summary="Start nothing more", responses=NO_QUEUE)
def pause_queue(services: Services, name: QueuePath) -> SwitchedQueue:
    """What runs goes on; what waits stays where it is. Safe to repeat."""
    return SwitchedQueue(queue=name, paused=True, paused_at=services.pause_queue(name))


@router.post("/{name}/resume", operation_id="resume_queue", summary="Go on with a paused queue", responses=NO_QUEUE)
def resume_queue(services: Services, name: QueuePath) -> SwitchedQueue:
    """Send what has waited. Safe to repeat."""
    services.resume_queue(name)
    return SwitchedQueue(queue=name, paused=False, paused_at=None)


def _messages(services: Services) -> MessageState | None:
    try:
        return services.queue_messages.state()
    except QueueUnavailable as error:
        log.warning("Redis is not asked: %s", error.detail, exc_info=error)
        return None


def _part(name: str, part: Part) -> PartHealth:
    detail = None if part.ready else f"{part.detail} {ADVICE[name]}"
    return PartHealth(healthy=part.ready, code=part.code, detail=detail)


def _states(services: Services) -> Mapping[str, QueueState] | None:
    try:
        return services.queues.states()
    except DatabaseUnavailable as error:  # since it was asked a moment ago, or somebody holds a lock
        log.warning("the queues are not counted: %s", error.detail, exc_info=error)
        return None
