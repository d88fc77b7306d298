"""Completes the OpenAPI description: problems are not what FastAPI thinks of by itself."""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from interface.api.access import Access, Demand, access_to
from interface.api.v1.schemas.problem import Problem, problem_response

SECURITY_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An API key."},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "An API key."},
    "stream_token": {
        "type": "apiKey",
        "in": "query",
        "name": "token",
        "description": "A token from `POST /api/v1/stream-tokens`.",
    },
}


def described(app: FastAPI, params_of: Mapping[str, Mapping[str, Any]]) -> Callable[[], dict[str, Any]]:
    """Return a function that gives the description of `app`, the problems' schemas included.

    `params_of` has the schema of the body by the path, for those which are read by their action type.
    """
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        schema = describe()
        _, problems = models_json_schema([(Problem, "serialization")], ref_template="#/components/schemas/{model}")
        schema["components"]["schemas"].update(problems["$defs"])
        schema["components"]["securitySchemes"] = SECURITY_SCHEMES
        for path, params in params_of.items():
            _add_params(schema, path, params)
        for path, operations in schema["paths"].items():
            for method, operation in operations.items():
                _add_security(operation, access_to(method.upper(), path))
        return schema

    return openapi


def _add_params(schema: dict[str, Any], path: str, params: Mapping[str, Any]) -> None:
    """Say what the body is. The schema refers to its parts under names that begin with the operation's."""
    operation = schema["paths"][path]["post"]
    name = operation["operationId"].removeprefix("start_")
    parts = {f"{name}.{part}": each for part, each in params.get("$defs", {}).items()}
    whole = {key: value for key, value in params.items() if key != "$defs"}
    schema["components"]["schemas"] |= {**parts, name: whole}
    body = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
    operation["requestBody"] = {"content": body, "required": bool(params.get("required"))}


def _add_security(operation: dict[str, Any], access: Access) -> None:
    """Say which scope is needed; where a key may be left out, `{}` stands among the ways."""
    if access.demand is Demand.NEVER:
        operation["security"] = []
        return
    names = ["bearer", "header", *(["stream_token"] if access.takes_stream_token else [])]
    operation["security"] = [{name: [access.scope.value]} for name in names]
    if access.demand is Demand.OPTIONAL:
        operation["security"].append({})
        return
    operation["responses"] |= {
        "401": problem_response("`unauthorized`: where keys are in use, a valid one is needed"),
        "403": problem_response(f"`scope_missing`: the key does not have the scope `{access.scope}`"),
    }
