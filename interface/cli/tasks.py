"""Starts a task of the queue `cleanup_tasks` on a running server, and follows it to its end."""

import time
from collections.abc import Mapping
from typing import Annotated

import typer

from domain.action import FINAL, ActionStatus
from esteira_client import Json
from interface.cli.client import ApiClient
from interface.cli.problem import ApiProblem
from interface.cli.task_calls import TaskCalls
from interface.cli.terminal import errors

POLL_SECONDS = 0.5
NO_WORKER = (
    "No worker serves the queue cleanup_tasks: start one with `make worker-cleanup`, or `python worker.py --cleanup`. "
    "The task waits for it."
)


# A worker that was just started tells of itself within its first beat.
WaitOption = Annotated[
    float, typer.Option("--wait", metavar="SECONDS", min=0, help="How long to wait for a worker to be there.")
]
DEFAULT_WAIT_SECONDS = 10.0


def run_task(api: ApiClient, path: str, body: Mapping[str, object], *, wait_seconds: float) -> Json:
    """Start the task at `path` and return it as it ended. Raises ApiProblem, also where nobody takes it or it fails."""
    calls = TaskCalls(api)
    task = calls.start(path, body)
    url = f"{path.partition('/')[0]}/{task['job_id']}"
    nobody_since = time.monotonic()
    with errors().status("Waiting for a worker") as shown:
        while True:
            task = calls.get(url)
            if task["status"] in FINAL:
                break
            if task["workers"] or task["status"] != ActionStatus.PENDING:
                nobody_since = time.monotonic()
            elif time.monotonic() - nobody_since >= wait_seconds:
                raise ApiProblem("no_worker", NO_WORKER)
            shown.update(task["message"])
            time.sleep(POLL_SECONDS)
    if task["status"] != ActionStatus.COMPLETED:
        error = task["error"] or {"code": task["status"], "message": "The task was cancelled."}
        raise ApiProblem(error["code"], error["message"])
    return task
