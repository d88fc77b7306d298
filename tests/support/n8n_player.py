"""Plays an n8n workflow as far as our examples go: HTTP requests, conditions, and the expressions in them.

n8n itself is not here. What its Code, Wait and binary nodes do, a test does.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

_EXPRESSION = re.compile(r"\{\{ (.+?) \}\}")
_STRINGIFY = re.compile(r"JSON\.stringify\((.+)\)")
_OF_NODE = re.compile(r"\$\('(?P<node>[^']+)'\)\.first\(\)\.json\.(?P<path>[\w.]+)")


@dataclass
class Player:
    """Holds what each node gave."""

    workflow: Mapping[str, Any]
    client: httpx.Client
    resume_url: str = ""
    given: dict[str, Any] = field(default_factory=dict)
    last: Any = None

    def node(self, name: str) -> Any:  # noqa: ANN401
        return next(node for node in self.workflow["nodes"] if node["name"] == name)

    def give(self, name: str, value: Any) -> None:  # noqa: ANN401
        self.given[name] = self.last = value

    def text(self, template: str) -> str:
        """Fill in an expression as n8n does; a text without `=` stands for itself."""
        if not template.startswith("="):
            return template
        return _EXPRESSION.sub(lambda found: str(self._value(found[1])), template[1:])

    def call(self, name: str) -> httpx.Response:
        """Send the node's request."""
        parameters = self.node(name)["parameters"]
        body = self.text(parameters["jsonBody"]) if "jsonBody" in parameters else None
        headers = {"Content-Type": "application/json"} if body else {}
        answer = self.client.request(parameters["method"], self.text(parameters["url"]), content=body, headers=headers)
        assert answer.is_success, answer.text
        self.give(name, answer.json())
        return answer

    def is_true(self, name: str) -> bool:
        """Tell by which output an IF node goes on."""
        [condition] = self.node(name)["parameters"]["conditions"]["conditions"]
        left = self.text(condition["leftValue"])
        match condition["operator"]["operation"]:
            case "equals":
                return left == condition["rightValue"]
            case "regex":
                return re.search(condition["rightValue"], left) is not None
            case other:
                raise AssertionError(f"no example uses {other}")

    def after(self, name: str, output: int = 0) -> str:
        [target] = self.workflow["connections"][name]["main"][output]
        return str(target["node"])

    def _value(self, expression: str) -> Any:  # noqa: ANN401
        if inner := _STRINGIFY.fullmatch(expression):
            return json.dumps(self._value(inner[1]))
        if expression == "$execution.resumeUrl":
            return self.resume_url
        if found := _OF_NODE.fullmatch(expression):
            return _at(self.given[found["node"]], found["path"])
        if expression.startswith("$json."):
            return _at(self.last, expression.removeprefix("$json."))
        raise AssertionError(f"no example uses {expression}")


def _at(value: Any, path: str) -> Any:  # noqa: ANN401
    for step in path.split("."):
        value = value[step]
    return value
