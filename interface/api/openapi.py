"""Completes the OpenAPI description: problems are not what FastAPI thinks of by itself."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from interface.api.v1.schemas.problem import Problem


def described(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """Return a function that gives the description of `app`, the problems' schemas included."""
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        schema = describe()
        _, problems = models_json_schema([(Problem, "serialization")], ref_template="#/components/schemas/{model}")
        schema["components"]["schemas"].update(problems["$defs"])
        return schema

    return openapi
