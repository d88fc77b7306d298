"""The calls of the API for tasks that are about no document: cleanup and doctor."""

from dataclasses import dataclass
from http import HTTPStatus

from esteira_client import Json
from interface.cli.client import ApiClient


@dataclass(frozen=True, slots=True)
class TaskCalls:
    """Raises ApiProblem."""

    api: ApiClient

    def readiness(self) -> Json:
        """Return which parts answer, also where one does not."""
        return self.api.ask("GET", "/api/ready", answers={HTTPStatus.SERVICE_UNAVAILABLE})

    def start(self, path: str, body: Json) -> Json:
        """Start `cleanup/…` or `doctor`; while it runs, asking again gives the same one."""
        return self.api.ask("POST", f"/api/v1/{path}", repeatable=True, json=dict(body))

    def get(self, path: str) -> Json:
        """Return a task of `cleanup` or `doctor` as it is now."""
        return self.api.ask("GET", f"/api/v1/{path}")
