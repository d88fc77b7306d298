"""`esteira jobs start`: starts an action on a running server, and follows it to its end."""

import json
import time
from typing import Annotated, Any
from uuid import uuid4

import typer

from domain.action import FINAL, ActionStatus
from esteira_client import Json
from interface.cli.client import ApiClient
from interface.cli.objects import print_object
from interface.cli.options import JsonOption, RunningServerOption, connected_to_running, print_json
from interface.cli.terminal import FAILED, complain, errors, note, one_line, wrong_usage

JOBS = "/api/v1/jobs"
POLL_SECONDS = 1.0


def start(
    context: typer.Context,
    action_type: Annotated[str, typer.Argument(metavar="TYPE", help="The action's type, such as simulate.")],
    *,
    param: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="A param; the value is read as JSON where it is, else as text."),
    ] = None,
    follow: Annotated[bool, typer.Option("--follow/--no-follow", help="Wait for the end, and show the result.")] = True,
    as_json: JsonOption = False,
    server: RunningServerOption = None,
) -> None:
    """Start a job of one action. Exit code 1 if it fails."""
    params = dict(map(_param, param or ()))
    with connected_to_running(context, server) as api:
        # Named, so that it is started once even where the answer is lost and it is sent again.
        started = api.ask(
            "POST",
            JOBS,
            repeatable=True,
            json={"actions": [{"type": action_type, "params": params}]},
            headers={"Idempotency-Key": str(uuid4())},
        )
        if not follow:
            print_object(started, as_json=as_json)
            return
        job_id = started["job_id"]
        try:
            job = _followed(api, job_id)
        except KeyboardInterrupt:
            note(f"The job goes on: `esteira jobs show {job_id}` tells how far it is, `jobs cancel` ends it.")
            raise
        _tell(job, as_json=as_json)


def _followed(api: ApiClient, job_id: str) -> Json:
    """Return the job as it ended."""
    with errors().status("Starting") as shown:
        while True:
            job = api.ask("GET", f"{JOBS}/{job_id}/status")
            if job["status"] in FINAL:
                return job
            action = job["actions"][0]
            waiting = "Waiting for a worker" if action["status"] == ActionStatus.PENDING else "Working"
            shown.update(f"{action['progress']:.0f} % · {one_line(action['message'] or waiting)}")
            time.sleep(POLL_SECONDS)


def _tell(job: Json, *, as_json: bool) -> None:
    action: Json = job["actions"][0]
    if as_json:
        print_json(job)
    elif action["result"] is not None:
        print_object(action["result"], as_json=False)
    if job["status"] != ActionStatus.COMPLETED:
        error = action["error"] or {"code": job["status"], "message": "The job was cancelled."}
        complain(f"{error['message']} ({error['code']})")
        raise typer.Exit(FAILED)


def _param(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise wrong_usage(f"{one_line(text)} is no param. It looks like --param duration_seconds=5")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
