"""Reads the params of an action by the model that its package has declared."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from domain.errors import InvalidRequest
from domain.params import step_of
from infrastructure.plugins.entry_points import OfferedAction
from infrastructure.plugins.errors import PluginUnusable
from infrastructure.plugins.json_objects import written

_SENTENCES = {
    "missing": "This param is required.",
    "extra_forbidden": "There is no such param: leave it out.",
}
_NOT_STORABLE = "The params cannot be stored: send finite numbers, and texts without NUL characters."


def read_by(model: type[BaseModel], params: Mapping[str, object]) -> Mapping[str, object]:
    """Return the params with what was left out, as JSON. Raises InvalidRequest, whose sentence has nothing of them."""
    try:
        read: dict[str, object] = model.model_validate(dict(params)).model_dump(mode="json")
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        sentence = _SENTENCES.get(first["type"], first["msg"])
        pointer = "".join(f"/{step_of(step)}" for step in first["loc"])
        raise InvalidRequest(sentence if sentence.endswith(".") else f"{sentence}.", pointer=pointer) from error
    try:
        written(read)
    except ValueError as error:  # a model takes "nan" for a number
        raise InvalidRequest(_NOT_STORABLE) from error
    return read


def schema_of(offer: OfferedAction) -> Mapping[str, Any]:
    """Return the JSON Schema, whose parts refer to each other among OpenAPI's components, under names of their own.

    Raises PluginUnusable.
    """
    action = offer.action
    try:
        return action.params.model_json_schema(ref_template=f"#/components/schemas/{action.name}.{{model}}")
    except Exception as error:  # what is no model, or has fields that JSON Schema cannot describe
        words = " ".join(str(error).split())
        raise PluginUnusable(
            offer.package, f"has params of {action.name} that cannot be described ({words})"
        ) from error
