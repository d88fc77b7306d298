"""The header Idempotency-Key, and what tells a client that its request had been answered before."""

import hashlib
import json
import re
from typing import Annotated

from fastapi import Depends, Header
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from domain.errors import InvalidRequest
from domain.idempotent_request import IdempotentRequest
from domain.ids import DEFAULT_TENANT
from interface.api.v1.schemas.problem import Responses, problem_response

IDEMPOTENT: Responses = {
    409: problem_response("`request_in_flight`: the same request is being carried out"),
    422: problem_response("`idempotency_key_reused`, `invalid_request`: see `errors`"),
}
REPLAYED = "Idempotency-Replayed"
_SCRYPT_N = 1 << 14  # 16 MiB and some 50 ms
# As a structured field (RFC 9651) it is a string in quotes; most clients leave them out.
_KEY = re.compile(r'"([ !#-\[\]-~]{1,255})"|([!#-\[\]-~]{1,255})')


async def _key(
    idempotency_key: Annotated[
        str | None,
        Header(
            description="The client's name for this request, such as a UUID: sent again with the same body, the "
            "request is answered as before and nothing is done twice."
        ),
    ] = None,
) -> str | None:
    if idempotency_key is None:
        return None
    found = _KEY.fullmatch(idempotency_key)
    if not found:
        raise InvalidRequest(
            "This is no idempotency key: send 1 to 255 ASCII characters without quotes inside, such as a UUID.",
            pointer="/Idempotency-Key",
        )
    return found[1] or found[2]


IdempotencyKey = Annotated[str | None, Depends(_key)]


def idempotent(request: Request, key: str | None, body: object) -> IdempotentRequest | None:
    """Return the request by its key, None where it has none. Blanks and the order of fields make no difference."""
    if key is None:
        return None
    said = body.model_dump(mode="json") if isinstance(body, BaseModel) else body
    text = json.dumps([request.method, request.url.path, said], sort_keys=True)
    return IdempotentRequest(
        tenant_id=DEFAULT_TENANT, key=key, fingerprint=hashlib.sha256(text.encode("ascii")).digest()
    )


def hashed_secret(secret: str, key: str) -> str:
    """Return what tells secrets apart in a fingerprint, which is stored: a slow hash, as people choose them."""
    return hashlib.scrypt(secret.encode(), salt=key.encode("ascii"), n=_SCRYPT_N, r=8, p=1).hex()


def tell_replayed(response: Response, *, is_replayed: bool) -> None:
    """Tell the client, where its request had been answered before."""
    if is_replayed:
        response.headers[REPLAYED] = "true"
