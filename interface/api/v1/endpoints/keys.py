"""API keys: made, listed and revoked by those who hold one with the scope `admin`."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from starlette.requests import Request
from starlette.responses import Response

from domain.errors import ApiKeyNotFound
from domain.ids import DEFAULT_TENANT, ApiKeyId
from interface.api.cursors import key_cursor, read_key_cursor
from interface.api.v1.idempotency import IDEMPOTENT, IdempotencyKey, idempotent, tell_replayed
from interface.api.v1.requests import DEFAULT_LIMIT, Cursor, Limit, Services
from interface.api.v1.schemas.keys import CreatedKeyBody, KeyBody, KeyList, NewKeyBody
from interface.api.v1.schemas.problem import INVALID, problem_response

router = APIRouter(prefix="/keys", tags=["keys"])


async def _key_id(key_id: Annotated[str, Path(description="The key's UUID.")]) -> ApiKeyId:
    """Return the id; what is no id is the id of no key."""
    try:
        return ApiKeyId(UUID(key_id))
    except ValueError as exc:
        raise ApiKeyNotFound from exc


@router.post("", status_code=201, operation_id="create_key", summary="Make an API key", responses=IDEMPOTENT)
def create_key(
    services: Services, request: Request, response: Response, body: NewKeyBody, key: IdempotencyKey = None
) -> CreatedKeyBody:
    """Keep `key` where secrets are kept: it is not shown again, but to the same request with its `Idempotency-Key`."""
    created = services.create_api_key(
        DEFAULT_TENANT,
        name=body.name,
        scopes=body.scopes,
        expires_at=body.expires_at,
        request=idempotent(request, key, body),
    )
    tell_replayed(response, is_replayed=created.is_replayed)
    response.headers["Cache-Control"] = "no-store"
    return CreatedKeyBody.with_secret(created.key, created.plain, now=created.key.created_at)


@router.get("", operation_id="list_keys", summary="List API keys, newest first", responses=INVALID)
def list_keys(services: Services, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> KeyList:
    """Give all that were made, revoked and expired ones as well; never the secrets."""
    found = services.api_keys.page(DEFAULT_TENANT, before=read_key_cursor(cursor), limit=limit + 1)
    now = datetime.now(UTC)
    return KeyList(
        items=[KeyBody.of(key, now=now) for key in found[:limit]],
        next_cursor=key_cursor(found[limit - 1].id) if len(found) > limit else None,
    )


@router.delete(
    "/{key_id}",
    operation_id="revoke_key",
    summary="Revoke an API key",
    responses={404: problem_response("`key_not_found`")},
)
def revoke_key(services: Services, key_id: Annotated[ApiKeyId, Depends(_key_id)]) -> KeyBody:
    """Refuse every request that comes with it from now on."""
    return KeyBody.of(services.revoke_api_key(DEFAULT_TENANT, key_id), now=datetime.now(UTC))
