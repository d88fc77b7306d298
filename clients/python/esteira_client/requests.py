"""The requests that calls are made of."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from esteira_client.steps import Request

V1 = "/api/v1"


def path(*parts: str | int) -> str:
    """Return where something is below the API's version 1; ids may have any characters."""
    return "".join(f"/{quote(str(part), safe='')}" for part in parts)


def get(path: str, *, headers: Mapping[str, str] | None = None, **params: str | int | None) -> Request:
    """Return a GET; params that are None are left out."""
    known = {name: value for name, value in params.items() if value is not None}
    return Request(method="GET", url=f"{V1}{path}", params=known, headers=headers or {})


def post(path: str, json: Any = None, *, repeatable: bool = True) -> Request:  # noqa: ANN401
    """Return a POST."""
    return Request(method="POST", url=f"{V1}{path}", json=json, repeatable=repeatable)


def creating(path: str, json: Any = None, *, key: str | None = None) -> Request:  # noqa: ANN401
    """Return a POST that creates, named so that it creates once even where it is sent again."""
    headers = {"Idempotency-Key": key or str(uuid4())}
    return Request(method="POST", url=f"{V1}{path}", json=json, headers=headers)


def deleting(path: str, *, repeatable: bool = True) -> Request:
    """Return a DELETE."""
    return Request(method="DELETE", url=f"{V1}{path}", repeatable=repeatable)
