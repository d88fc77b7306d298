"""Dead letters: look through what failed for good, and try it again by its cause."""

from typing import Annotated

from fastapi import APIRouter, Query

from domain.ids import DEFAULT_TENANT
from interface.api.cursors import action_cursor, read_action_cursor
from interface.api.v1.requests import DEFAULT_LIMIT, Cursor, Limit, Services
from interface.api.v1.schemas.dead_letters import Causes, DeadLetterBody, DeadLetterList, ReplayBody, Replayed
from interface.api.v1.schemas.problem import INVALID
from interface.api.v1.schemas.values import Text

router = APIRouter(prefix="/queue/dead-letters", tags=["queue"])


@router.get("", operation_id="list_dead_letters", summary="List what failed, with its history", responses=INVALID)
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


@router.get("/causes", operation_id="count_dead_letters", summary="Count what failed, by cause")
def count_dead_letters(services: Services) -> Causes:
    """Count all that the list has, by error code."""
    return Causes.of(services.dead_letters.causes(DEFAULT_TENANT))


@router.post(
    "/retry",
    status_code=202,
    operation_id="replay_dead_letters",
    summary="Try again what failed, all or by cause",
    responses=INVALID,
)
def replay_dead_letters(services: Services, body: ReplayBody | None = None) -> Replayed:
    """Start up to 500 failed jobs anew, those with that error code if there is one; `remaining` tells if to go on."""
    wanted = body or ReplayBody()
    return Replayed.of(services.replay_dead_letters(code=wanted.code, failed_before=wanted.failed_before))
