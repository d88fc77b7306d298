"""`esteira queue …`: what the queues hold, if all is well, who serves them; pause and resume."""

from typing import Annotated

import typer
from rich.text import Text

from esteira_client import Json
from interface.cli.options import JsonOption, RunningServerOption, connected_to_running, print_json
from interface.cli.queue_calls import QueueCalls
from interface.cli.tables import print_table
from interface.cli.terminal import FAILED, note, one_line, output, seconds

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The queue's name, as `queue info` shows it.")]
COUNTS = ("queued", "started", "scheduled", "finished", "failed", "cancelled", "workers")
MEBIBYTE = 1024 * 1024


def info(context: typer.Context, *, as_json: JsonOption = False, server: RunningServerOption = None) -> None:
    """Count what each queue holds."""
    with connected_to_running(context, server) as api:
        answer = QueueCalls(api).info()
        if as_json:
            print_json(answer)
            return
        rows = [
            (name, *(queue[count] for count in COUNTS), _waited(queue), "paused" if queue["paused"] else None)
            for name, queue in answer["queues"].items()
        ]
        headings = ("queue", *COUNTS, "oldest", "state")
        if output().is_terminal:
            # There are more counts than queues, and lines of a terminal are short.
            headings, *rows = zip(headings, *rows, strict=True)
        print_table(headings, rows, right=headings[1:])
        _print_rest(answer)


def health(context: typer.Context, *, as_json: JsonOption = False, server: RunningServerOption = None) -> None:
    """Tell if work gets done, and if not, what to do. Exit code 1 if something is the matter."""
    with connected_to_running(context, server) as api:
        answer = QueueCalls(api).health()
        if as_json:
            print_json(answer)
        else:
            parts = [(name, "ok" if part["healthy"] else part["code"], part) for name, part in answer["parts"].items()]
            queues = [(name, queue["condition"], queue) for name, queue in answer["queues"].items()]
            for name, condition, told in (*parts, *queues):
                _print_condition(name, condition, told)
        if not answer["healthy"]:
            raise typer.Exit(FAILED)


def workers(context: typer.Context, *, as_json: JsonOption = False, server: RunningServerOption = None) -> None:
    """List the worker processes and what they do."""
    with connected_to_running(context, server) as api:
        answer = QueueCalls(api).workers()
        if as_json:
            print_json(answer)
            return
        if not answer["items"]:
            note("There are no workers. Start them by: python worker.py --all")
            return
        rows = [(w["name"], w["queue"], f"{w['host']} {w['pid']}", *_doing(w), w["seen_at"]) for w in answer["items"]]
        print_table(
            ("worker", "queue", "process", "state", "at", "since", "seen"),
            rows,
            spare=("queue", "process"),
            gives_way="at",
            ages=("since", "seen"),
        )


def pause(
    context: typer.Context, name: NameArgument, *, as_json: JsonOption = False, server: RunningServerOption = None
) -> None:
    """Let a queue start nothing more; what runs goes on."""
    with connected_to_running(context, server) as api:
        answer = QueueCalls(api).pause(name)
        _tell(answer, f"{name} is paused since {answer['paused_at']}.", as_json=as_json)


def resume(
    context: typer.Context, name: NameArgument, *, as_json: JsonOption = False, server: RunningServerOption = None
) -> None:
    """Let a paused queue go on."""
    with connected_to_running(context, server) as api:
        _tell(QueueCalls(api).resume(name), f"{name} goes on.", as_json=as_json)


def queue_app() -> typer.Typer:
    """Return the group of these commands."""
    app = typer.Typer(no_args_is_help=True, help="Count, judge, pause and resume the queues of a running server.")
    for command in (info, health, workers, pause, resume):
        app.command()(command)
    return app


def _waited(queue: Json) -> str | None:
    waited = queue["oldest_pending_seconds"]
    return None if waited is None else seconds(waited)


def _print_rest(answer: Json) -> None:
    """Tell what is of all queues, apart from the table that a program may read."""
    rate, redis = answer["failure_rate_24h"], answer["redis"]
    note("Nothing ended in the last 24 hours." if rate is None else f"{rate:.1%} failed in the last 24 hours.")
    if redis["used_memory_bytes"] is None:
        note("Redis does not answer; work waits in PostgreSQL until it does.")
    else:
        note(f"Redis: {redis['used_memory_bytes'] / MEBIBYTE:.1f} MiB, {redis['connected_clients']} connections.")


def _print_condition(name: str, condition: str, told: Json) -> None:
    console = output()
    if console.is_terminal:
        style = "green" if condition == "ok" else "yellow" if told["healthy"] else "bold red"
        console.print(Text.assemble(f"{name:<22}", (f"{condition}", style)))
        if told["detail"]:
            console.print(Text(f"  {one_line(told['detail'])}"))
    else:
        typer.echo("\t".join((name, condition, one_line(told["detail"] or ""))).rstrip("\t"))


def _doing(worker: Json) -> tuple[str, str | None, str | None]:
    running = worker["running"]
    if not worker["alive"]:
        return "gone", None, None
    if running is None:
        return "idle", None, None
    what = f"{running['type']} {running['filename'] or running['job_id']}"
    return "busy", f"{what} ({running['progress']}%, attempt {running['attempt']})", running["since"]


def _tell(answer: Json, sentence: str, *, as_json: bool) -> None:
    if as_json:
        print_json(answer)
    else:
        note(sentence)
