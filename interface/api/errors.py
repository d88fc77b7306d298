"""Errors as problems (RFC 9457): the one table from the application's errors to HTTP, and the handlers that use it.

What goes out is a stable code and a sentence; causes, stack traces and paths stay in the log.
"""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, cast

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.errors import (
    AlreadyFinal,
    ApiKeyNotFound,
    ApiKeyUnreadable,
    ArtifactExpired,
    ArtifactNotFound,
    BlobChanged,
    BlobNotFound,
    CallbackTaken,
    DatabaseUnavailable,
    DetailsUnreadable,
    DocumentNotFound,
    EmbeddingUnavailable,
    EsteiraError,
    ForeignPage,
    IdempotencyKeyReused,
    InvalidRequest,
    JobNotFound,
    ModelNotUsable,
    NoDetails,
    NotAuthenticated,
    NotFailed,
    NotReady,
    OperationNotFound,
    PageNotFound,
    PartsMismatch,
    QueueNotFound,
    QueueUnavailable,
    RequestInFlight,
    ScopeMissing,
    StorageUnavailable,
    TooLarge,
    UploadCompleted,
    UploadExpired,
    UploadMismatch,
    UploadMissing,
    UploadNotFound,
)
from domain.params import step_of
from interface.api.v1.schemas.problem import PROBLEM_MEDIA_TYPE, FieldProblem, Problem

log = logging.getLogger(__name__)

STATUS_OF: Mapping[type[EsteiraError], HTTPStatus] = {
    InvalidRequest: HTTPStatus.UNPROCESSABLE_ENTITY,
    IdempotencyKeyReused: HTTPStatus.UNPROCESSABLE_ENTITY,
    RequestInFlight: HTTPStatus.CONFLICT,
    TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    DocumentNotFound: HTTPStatus.NOT_FOUND,
    JobNotFound: HTTPStatus.NOT_FOUND,
    OperationNotFound: HTTPStatus.NOT_FOUND,
    ArtifactNotFound: HTTPStatus.NOT_FOUND,
    ArtifactExpired: HTTPStatus.GONE,
    NotReady: HTTPStatus.CONFLICT,
    PageNotFound: HTTPStatus.NOT_FOUND,
    NoDetails: HTTPStatus.NOT_FOUND,
    DetailsUnreadable: HTTPStatus.NOT_FOUND,
    QueueNotFound: HTTPStatus.NOT_FOUND,
    BlobNotFound: HTTPStatus.NOT_FOUND,
    UploadMissing: HTTPStatus.CONFLICT,
    UploadMismatch: HTTPStatus.UNPROCESSABLE_ENTITY,
    BlobChanged: HTTPStatus.UNPROCESSABLE_ENTITY,
    UploadNotFound: HTTPStatus.NOT_FOUND,
    UploadExpired: HTTPStatus.GONE,
    UploadCompleted: HTTPStatus.CONFLICT,
    PartsMismatch: HTTPStatus.UNPROCESSABLE_ENTITY,
    AlreadyFinal: HTTPStatus.CONFLICT,
    NotFailed: HTTPStatus.CONFLICT,
    CallbackTaken: HTTPStatus.CONFLICT,
    StorageUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    DatabaseUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    QueueUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    EmbeddingUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    ModelNotUsable: HTTPStatus.SERVICE_UNAVAILABLE,
    NotAuthenticated: HTTPStatus.UNAUTHORIZED,
    ScopeMissing: HTTPStatus.FORBIDDEN,
    ForeignPage: HTTPStatus.FORBIDDEN,
    ApiKeyNotFound: HTTPStatus.NOT_FOUND,
    ApiKeyUnreadable: HTTPStatus.CONFLICT,
}
# Who asks by HTTP has to ask again; what the raiser knows of the cause may be for the log alone.
UNAVAILABLE: Mapping[type[EsteiraError], str] = {
    StorageUnavailable: "The object store does not answer: try again in a few seconds.",
    DatabaseUnavailable: "The database does not answer: try again in a few seconds.",
    QueueUnavailable: "The queue does not answer: try again in a few seconds.",
    EmbeddingUnavailable: "The embedding model could not be run: try again in a few seconds.",
    ModelNotUsable: "The embedding model cannot be loaded here, the log says why; search by words still works.",
}
RETRY_AFTER_SECONDS = 5

_OF_THE_PROTOCOL: Mapping[int, tuple[str, str]] = {
    400: ("invalid_request", "The body cannot be read: send valid JSON in UTF-8."),
    404: ("not_found", "There is nothing at this address: see /docs for those that exist."),
    405: ("method_not_allowed", "This address does not take this method: the Allow header names those that it takes."),
    413: ("request_too_large", "The body of the request is too large: JSON may have 1 MiB at most."),
}
_INTERNAL = ("internal_error", "Something went wrong inside Esteira; the server's log says what.")
_SENTENCES: Mapping[str, str] = {
    "missing": "This field is required.",
    "extra_forbidden": "There is no such field: leave it out, or see /docs for the fields that exist.",
    "json_invalid": "The body is not valid JSON.",
    "string_unicode": "The text is no valid Unicode: send whole characters in UTF-8.",
}
_LENGTHS: Mapping[str, str] = {
    "too_long": "The text is too long: send {max_length} characters at most.",
    "too_short": "The text is too short: send {min_length} or more characters.",
}
_BODY_TYPES = frozenset({"model_attributes_type", "model_type", "dict_type"})
_AN_OBJECT = "Send a JSON object, with the header Content-Type: application/json."


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    errors: Sequence[FieldProblem] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return the answer."""
    content = _body(status, code, detail, errors).model_dump(exclude_none=True)
    return ascii_json(content, status=status, media_type=PROBLEM_MEDIA_TYPE, headers=headers)


def ascii_json(
    content: object,
    *,
    status: int,
    media_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return JSON in ASCII alone: a field's name may be half of a character, which UTF-8 cannot write."""
    return Response(json.dumps(content).encode("ascii"), status_code=status, media_type=media_type, headers=headers)


def problem_of(error: EsteiraError) -> Problem:
    """Return an error as a problem: one of ours that this table does not know is a defect, which the log tells."""
    kind = next((kind for kind in type(error).__mro__ if kind in STATUS_OF), None)
    if kind is None:
        log.error("a request failed: %s", error.code, exc_info=error)
        return _body(500, *_INTERNAL)
    if kind in UNAVAILABLE:
        log.warning("a request failed: %s", error.code, exc_info=error)
        return _body(STATUS_OF[kind], error.code, UNAVAILABLE[kind])
    errors = None
    if isinstance(error, InvalidRequest) and error.pointer is not None:
        errors = [FieldProblem(pointer=error.pointer, detail=error.detail)]
    return _body(STATUS_OF[kind], error.code, error.detail, errors)


def answer_to(error: EsteiraError, headers: Mapping[str, str] | None = None) -> Response:
    """Return the answer to a request that ended so."""
    found = problem_of(error)
    if isinstance(error, RequestInFlight):
        headers = {"Retry-After": "1"}
    # Waiting mends no model that cannot be loaded.
    is_away = found.status == HTTPStatus.SERVICE_UNAVAILABLE and not isinstance(error, ModelNotUsable)
    return _answer(found, {"Retry-After": str(RETRY_AFTER_SECONDS)} if is_away else headers)


def problem_of_fields(found: Sequence[Mapping[str, Any]], *, skip: int = 0) -> Problem:
    """Return Pydantic's errors as a problem; `skip` leaves out the first steps of their places."""
    errors = [_field_problem(error, skip) for error in found]
    first = errors[0]
    where = f"{first.pointer[1:]}: " if first.pointer else ""
    more = f" ({len(errors) - 1} more in `errors`)" if len(errors) > 1 else ""
    return _body(422, InvalidRequest.code, f"{where}{first.detail}{more}", errors)


def problem_of_status(status: int, headers: Mapping[str, str] | None = None) -> Response:
    """Return the answer to what HTTP itself forbids: a wrong address or method, a body too large."""
    code, detail = _OF_THE_PROTOCOL.get(status, (f"http_{status}", "The request was refused."))
    return problem(status, code, detail, headers=headers)


def json_pointer(location: Sequence[str | int]) -> str:
    """Return the JSON pointer (RFC 6901) of a place inside a body or of a parameter."""
    return "".join(f"/{step_of(step)}" for step in location if step != "[key]")


def add_error_handlers(app: FastAPI) -> None:
    """Make every error that leaves `app` a problem; UnexpectedErrors takes those that nobody foresaw."""
    handlers: Mapping[type[Exception], Callable[[Request, Exception], Any]] = {
        EsteiraError: _known,
        RequestValidationError: _invalid,
        HTTPException: _of_the_protocol,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


class UnexpectedErrors:
    """ASGI middleware: what nobody foresaw is logged and answered with 500, by way of the outer middleware's headers.

    Starlette's own handler stands outside of all middleware, so that a page of another origin could not read it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        started = False

        async def noting(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception:
            if scope["type"] != "http" or started:
                raise
            log.exception("a request failed", extra={"method": scope["method"], "path": scope["path"]})
            await problem(500, *_INTERNAL)(scope, receive, send)


async def _known(_request: Request, exc: Exception) -> Response:
    return answer_to(cast("EsteiraError", exc))


async def _invalid(_request: Request, exc: Exception) -> Response:
    return _answer(problem_of_fields(cast("RequestValidationError", exc).errors(), skip=1))


async def _of_the_protocol(_request: Request, exc: Exception) -> Response:
    error = cast("HTTPException", exc)
    return problem_of_status(error.status_code, error.headers)


def _answer(found: Problem, headers: Mapping[str, str] | None = None) -> Response:
    return problem(found.status, found.code, found.detail, errors=found.errors, headers=headers)


def _body(status: int, code: str, detail: str, errors: Sequence[FieldProblem] | None = None) -> Problem:
    return Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        code=code,
        detail=detail,
        errors=None if errors is None else list(errors),
    )


def _field_problem(error: Mapping[str, Any], skip: int) -> FieldProblem:
    """Translate one of Pydantic's errors; what the client sent is not repeated."""
    kind, inside = error["type"], error["loc"][skip:]
    if kind == "json_invalid":
        return FieldProblem(pointer="", detail=_SENTENCES[kind])
    if not inside and kind in {*_BODY_TYPES, "missing"}:
        return FieldProblem(pointer="", detail=_AN_OBJECT)
    sentence = _SENTENCES.get(kind, error["msg"])
    if isinstance(error["input"], str) and kind in _LENGTHS and "ctx" in error:  # errors of ours have none
        # Pydantic counts the "items" of a text that goes through a validator of ours first.
        sentence = _LENGTHS[kind].format(**error["ctx"])
    return FieldProblem(pointer=json_pointer(inside), detail=sentence if sentence.endswith(".") else f"{sentence}.")
