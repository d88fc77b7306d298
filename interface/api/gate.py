"""The gate in front of every address: who asks, and may they? It stands before routing, so no route can go round it."""

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from urllib.parse import parse_qsl, quote, urlencode

from anyio import to_thread
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from application.use_cases.check_api_key import CheckApiKey
from application.use_cases.check_stream_token import CheckStreamToken
from domain.api_key import Caller, KeyScope
from domain.errors import EsteiraError, NotAuthenticated, ScopeMissing
from interface.api.access import Access, Demand, access_to
from interface.api.errors import answer_to
from interface.api.local_pages import LocalPages

log = logging.getLogger(__name__)

CALLER = "esteira.caller"
_POLICY_VIOLATION = 1008
_LOGGED_CHARACTERS = 200
_SECRET_HEADERS = frozenset({b"authorization", b"x-api-key"})
_ONE_KEY = "Several API keys came with this request: send one, once."


class Gate:
    """ASGI middleware: 401 without a valid key, 403 without its scope; `scope[CALLER]` for those who are let in.

    What is inside never sees a key or a token, and so cannot log one.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        keys_required: bool,
        local_pages: LocalPages,
        check_key: CheckApiKey,
        check_stream_token: CheckStreamToken,
    ) -> None:
        self._app = app
        self._keys_required = keys_required
        self._local_pages = local_pages
        self._check_key = check_key
        self._check_stream_token = check_stream_token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        access = access_to(scope.get("method", "GET"), scope["path"])
        keys, token = _take_keys(scope), _take_token(scope) if access.takes_stream_token else None
        try:
            if not self._keys_required and access.demand is not Demand.NEVER:
                self._local_pages.require(scope.get("method"), Headers(scope=scope))
            scope[CALLER] = await self._caller(access, keys, token, scope["path"])
        except EsteiraError as error:
            # Anybody can ask for anything: no line break of theirs shall look like a line of ours.
            path = quote(scope["path"], errors="replace")[:_LOGGED_CHARACTERS]
            log.info("a request was refused", extra={"code": error.code, "path": path})
            await _refuse(error, access.scope, scope, receive, send)
            return
        # The same scope: who measures requests outside reads there which route it was.
        await self._app(scope, receive, send)

    async def _caller(self, access: Access, keys: Sequence[str], token: str | None, path: str) -> Caller | None:
        if access.demand is Demand.NEVER:
            return None
        if not self._keys_required and access.demand is not Demand.ALWAYS:
            return Caller()
        try:
            caller = await self._identified(keys, token, path)
            caller.require(access.scope)
        except EsteiraError:
            if access.demand is Demand.OPTIONAL:
                return None
            raise
        return caller

    async def _identified(self, keys: Sequence[str], token: str | None, path: str) -> Caller:
        if len(keys) > 1:
            raise NotAuthenticated(_ONE_KEY)
        if keys:
            return await to_thread.run_sync(self._check_key, keys[0])
        if token is None:
            raise NotAuthenticated
        return await to_thread.run_sync(partial(self._check_stream_token, token, path=path))


def _take_keys(scope: Scope) -> list[str]:
    """Return what was sent as a key; nobody who is asked later, inside or outside, shall see it.

    Other schemes of Authorization are for a proxy in front.
    """
    headers = Headers(scope=scope)
    keys = headers.getlist("x-api-key")
    for value in headers.getlist("authorization"):
        scheme, _, credentials = value.partition(" ")
        if scheme.lower() == "bearer":
            keys.append(credentials.strip())
    scope["headers"] = [(name, value) for name, value in scope["headers"] if name not in _SECRET_HEADERS]
    return keys


def _take_token(scope: Scope) -> str | None:
    """Return the stream token, and take it out of the query."""
    query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    scope["query_string"] = urlencode([(name, value) for name, value in query if name != "token"]).encode("ascii")
    return dict(query).get("token")


async def _refuse(error: EsteiraError, needed: KeyScope, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": error.code})
        return
    await answer_to(error, _challenge(error, needed))(scope, receive, send)


def _challenge(error: EsteiraError, needed: KeyScope) -> Mapping[str, str]:
    """Return what RFC 6750 asks an answer to say."""
    if isinstance(error, ScopeMissing):
        return {"WWW-Authenticate": f'Bearer realm="Esteira", error="insufficient_scope", scope="{needed}"'}
    return {"WWW-Authenticate": 'Bearer realm="Esteira"'}
