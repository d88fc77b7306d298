"""The local store's refusals, as problems (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import JSONResponse


def problem(status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return the answer: `code` is stable, `detail` a sentence that a person can act on."""
    return JSONResponse(
        {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "code": code, "detail": detail},
        status_code=status,
        headers=headers,
        media_type="application/problem+json",
    )


class Refused(Exception):
    """A request that is answered with a problem."""

    def __init__(self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.response = problem(status, code, detail, headers)
