"""A problem, as RFC 9457 describes errors to programs and people."""

from typing import Any

from pydantic import BaseModel

PROBLEM_MEDIA_TYPE = "application/problem+json"
Responses = dict[int | str, dict[str, Any]]


class FieldProblem(BaseModel):
    """What is wrong with one field: `pointer` is a JSON pointer (RFC 6901) to it, `/NAME` for a query parameter."""

    pointer: str
    detail: str


class Problem(BaseModel):
    """Why a request was not carried out: `code` is stable, `detail` says what to do about it."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    errors: list[FieldProblem] | None = None


def problem_response(description: str) -> dict[str, Any]:
    """Describe an answer for OpenAPI."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": description, "content": {PROBLEM_MEDIA_TYPE: {"schema": schema}}}


NO_DOCUMENT: Responses = {404: problem_response("`document_not_found`")}
NO_JOB: Responses = {404: problem_response("`job_not_found`")}
INVALID: Responses = {422: problem_response("`invalid_request`: `errors` names the fields")}
