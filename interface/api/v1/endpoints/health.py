"""Whether this process lives, and whether what it needs answers."""

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import Response

from domain.errors import EsteiraError
from interface.api.v1.requests import AnyCaller, Services

log = logging.getLogger(__name__)
router = APIRouter(prefix="/api", tags=["health"])


class Health(BaseModel):
    """The process answers."""

    status: Literal["live"] = "live"


class Part(BaseModel):
    """Whether a part answers; if not, why."""

    ready: bool
    code: str | None = None
    detail: str | None = None


class Readiness(BaseModel):
    """Whether every part answers, and each by name; where keys are in use, the names need one with `operate`."""

    ready: bool
    parts: dict[str, Part]


@router.get("/health", operation_id="get_health", summary="Tell that the process lives")
async def get_health() -> Health:
    """Ask nothing of anybody: an orchestrator restarts what does not answer here."""
    return Health()


@router.get(
    "/ready",
    operation_id="get_readiness",
    summary="Tell whether every part answers",
    responses={503: {"model": Readiness, "description": "A part does not answer."}},
)
def get_readiness(services: Services, caller: AnyCaller, response: Response) -> Readiness:
    """Ask all parts at once. An orchestrator needs no key for the status code."""
    parts = asked(services.parts)
    is_ready = all(part.ready for part in parts.values())
    if not is_ready:
        response.status_code = 503
    return Readiness(ready=is_ready, parts=parts if caller else {})


def asked(parts: Mapping[str, Callable[[], None]]) -> dict[str, Part]:
    """Ask each of these, all at once, and return what came of it by name."""
    with ThreadPoolExecutor(max_workers=max(1, len(parts)), thread_name_prefix="ready") as pool:
        # Each in a copy of this context, so that its log lines have the request's id.
        asked = {named[0]: pool.submit(copy_context().run, _part, named) for named in parts.items()}
        return {name: part.result() for name, part in asked.items()}


def _part(named: tuple[str, Callable[[], None]]) -> Part:
    name, ask = named
    try:
        ask()
    except EsteiraError as error:
        log.warning("%s is not ready: %s", name, error.code, exc_info=error)
        return Part(ready=False, code=error.code, detail=f"The {name} does not answer; the server's log says why.")
    except Exception:
        log.exception("%s is not ready", name)
        return Part(ready=False, code="internal_error", detail=f"Asking the {name} failed; the server's log says why.")
    return Part(ready=True)
