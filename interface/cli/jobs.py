"""`esteira jobs …`: looks at jobs and their timelines, cancels and retries them, replays what failed."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import typer

from domain.action import ActionStatus
from esteira_client import Json
from interface.cli.objects import print_object
from interface.cli.operations import start
from interface.cli.options import (
    CursorOption,
    JsonOption,
    LimitOption,
    RunningServerOption,
    connected_to_running,
    print_json,
)
from interface.cli.queue_calls import QueueCalls
from interface.cli.tables import duration, print_table
from interface.cli.terminal import FAILED, complain, note, output, plural

JobArgument = Annotated[UUID, typer.Argument(metavar="ID", help="The job's id.")]
# What is inside a run is shown below it.
SPANS = ("waiting", "running")
CodeOption = Annotated[str | None, typer.Option(help="Only those that failed with this error code.")]


def list_jobs(
    context: typer.Context,
    *,
    status: Annotated[ActionStatus | None, typer.Option(help="Only those in this state.")] = None,
    queue: Annotated[str | None, typer.Option(help="Only those in this queue.")] = None,
    document: Annotated[UUID | None, typer.Option(metavar="ID", help="Only those of this document.")] = None,
    limit: LimitOption = 50,
    cursor: CursorOption = None,
    as_json: JsonOption = False,
    server: RunningServerOption = None,
) -> None:
    """List jobs, newest first."""
    with connected_to_running(context, server) as api:
        document_id = str(document) if document else None
        page = QueueCalls(api).jobs(status=status, queue=queue, document_id=document_id, limit=limit, cursor=cursor)
        rows = [(j["job_id"], j["status"], _what(j), j["created_at"], _why(j["actions"])) for j in page["items"]]
        _print_page(page, ("id", "status", "what", "created", "error"), rows, ages=("created",), as_json=as_json)


def show(
    context: typer.Context, job_id: JobArgument, *, as_json: JsonOption = False, server: RunningServerOption = None
) -> None:
    """Show a job: each stage with its time, worker, attempt and error."""
    with connected_to_running(context, server) as api:
        job = QueueCalls(api).job(str(job_id))
        if as_json:
            print_json(job)
            return
        print_object({name: value for name, value in job.items() if name != "actions"}, as_json=False)
        for action in job["actions"]:
            output().print()
            print_object({name: value for name, value in action.items() if name != "timeline"}, as_json=False)
            output().print()
            _print_timeline(action)


def cancel(
    context: typer.Context, job_id: JobArgument, *, as_json: JsonOption = False, server: RunningServerOption = None
) -> None:
    """Cancel a job."""
    with connected_to_running(context, server) as api:
        print_object(QueueCalls(api).cancel(str(job_id)), as_json=as_json)


def retry(
    context: typer.Context, job_id: JobArgument, *, as_json: JsonOption = False, server: RunningServerOption = None
) -> None:
    """Try a failed job again."""
    with connected_to_running(context, server) as api:
        print_object(QueueCalls(api).retry(str(job_id)), as_json=as_json)


def dead_letters(
    context: typer.Context,
    *,
    code: CodeOption = None,
    limit: LimitOption = 50,
    cursor: CursorOption = None,
    as_json: JsonOption = False,
    server: RunningServerOption = None,
) -> None:
    """List what failed for good and was not tried again since."""
    with connected_to_running(context, server) as api:
        page = QueueCalls(api).dead_letters(code=code, limit=limit, cursor=cursor)
        rows = [
            (item["job_id"], f"{item['type']} {item['filename'] or ''}".rstrip(), item["failed_at"], _why([item]))
            for item in page["items"]
        ]
        _print_page(page, ("job", "what", "failed", "error"), rows, ages=("failed",), as_json=as_json)


def replay(
    context: typer.Context, *, code: CodeOption = None, as_json: JsonOption = False, server: RunningServerOption = None
) -> None:
    """Try again all that failed before now. Exit code 1 if something of it is left."""
    with connected_to_running(context, server) as api:
        calls, retried = QueueCalls(api), 0
        failed_before: str | None = None
        while True:
            answer = calls.replay(code=code, failed_before=failed_before)
            failed_before = answer["failed_before"]
            retried += answer["retried"]
            if not answer["remaining"] or not answer["retried"]:
                break
            note(f"{plural(retried, 'job')} started anew, {answer['remaining']:,} to go")
        if as_json:
            print_json({**answer, "retried": retried})
        else:
            note(f"{plural(retried, 'job')} started anew.")
        if answer["remaining"]:
            complain(f"{plural(answer['remaining'], 'job')} could not be started anew; the server's log says why.")
            raise typer.Exit(FAILED)


def jobs_app() -> typer.Typer:
    """Return the group of these commands."""
    app = typer.Typer(
        no_args_is_help=True, help="Start jobs on a running server; look at them, cancel, retry and replay them."
    )
    app.command("list")(list_jobs)
    for command in (start, show, cancel, retry, dead_letters, replay):
        app.command()(command)
    return app


def _print_page(
    page: Json, headings: Sequence[str], rows: Sequence[Sequence[str]], *, ages: Sequence[str], as_json: bool
) -> None:
    if as_json:
        print_json(page)
        return
    if not rows:
        note("There are none.")
        return
    print_table(headings, rows, gives_way="what", ages=ages)
    if page["next_cursor"]:
        note(f"There are more: --cursor {page['next_cursor']}")


def _print_timeline(action: Json) -> None:
    rows = [
        (
            stage["stage"] if stage["stage"] in SPANS else f"· {stage['stage']}",
            _since(stage["started_at"]),
            duration(stage["milliseconds"]),
            stage["attempt"],
            stage["worker"],
            stage["error_code"],
        )
        for stage in action["timeline"]
    ]
    print_table(
        ("stage", "since", "took", "attempt", "worker", "error"), rows, right=("took", "attempt"), gives_way="worker"
    )


def _since(instant: str) -> str:
    """On a terminal from month to second: that leaves room for the worker."""
    return instant[5:19].replace("T", " ") if output().is_terminal else instant


def _what(job: Json) -> str:
    return " ".join((*(action["type"] for action in job["actions"]), job["filename"] or ""))


def _why(failed: list[Json]) -> str:
    return ", ".join(item["error"]["code"] for item in failed if item["error"])
