"""How connections are made: those to the object store get nothing that is meant for the API, such as keys."""

import ssl
from typing import Any

import httpx

from esteira_client.steps import Request

# An answer may be held for 25 seconds. Whoever finds all connections taken waits for its turn.
TIMEOUT = httpx.Timeout(30, connect=5, read=120, pool=None)
CONNECTIONS = 100
# A proxy of the surroundings cannot reach this machine.
_LOCAL_WITHOUT_PROXY = {f"all://{host}": None for host in ("127.0.0.1", "localhost", "[::1]")}


def store_options(verify: ssl.SSLContext | bool) -> dict[str, Any]:
    """Return what httpx.Client or AsyncClient for the object store takes."""
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    return {"timeout": TIMEOUT, "limits": limits, "mounts": _LOCAL_WITHOUT_PROXY, "verify": verify}


def api_options(url: str, api_key: str | None, verify: ssl.SSLContext | bool) -> dict[str, Any]:
    """Return what that for the API takes."""
    headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
    return {"base_url": url, "headers": headers, **store_options(verify)}


def arguments(request: Request) -> dict[str, Any]:
    """Return what `build_request` takes, but for the body."""
    return {
        "method": request.method,
        "url": request.url,
        "headers": dict(request.headers),
        # An empty mapping would cut off a signed query.
        **({"params": dict(request.params)} if request.params else {}),
        **({"json": request.json} if request.json is not None else {}),
        **({"timeout": _until_silent(request.read_seconds)} if request.read_seconds else {}),
    }


def _until_silent(seconds: float) -> httpx.Timeout:
    return httpx.Timeout(**{**TIMEOUT.as_dict(), "read": seconds})
