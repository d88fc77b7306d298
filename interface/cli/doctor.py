"""`esteira doctor`: says what is not well, and with --fix mends what can be mended."""

from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from esteira_client import Json
from interface.cli.options import JsonOption, RunningServerOption, connected_to_running, print_json
from interface.cli.task_calls import TaskCalls
from interface.cli.tasks import DEFAULT_WAIT_SECONDS, WaitOption, run_task
from interface.cli.terminal import FAILED, complain, note, one_line, output


def doctor(
    context: typer.Context,
    *,
    fix: Annotated[bool, typer.Option("--fix", help="Repair what can be repaired without losing anything.")] = False,
    wait: WaitOption = DEFAULT_WAIT_SECONDS,
    as_json: JsonOption = False,
    server: RunningServerOption = None,
) -> None:
    """Hold objects, rows, vectors and jobs against each other. Exit code 1 if something is not well."""
    with connected_to_running(context, server) as api:
        ready = TaskCalls(api).readiness()
        for name, part in ready["parts"].items():
            if part["ready"]:
                note(f"{name.capitalize()} answers.")
            else:
                complain(one_line(part["detail"] or f"{name.capitalize()} does not answer."))
        if not ready["ready"]:
            raise typer.Exit(FAILED)
        ended = run_task(api, "doctor", {"fix": fix}, wait_seconds=wait)
        if as_json:
            print_json(ended)
        else:
            print_report(output(), ended["result"])
        if not ended["result"]["healthy"]:
            raise typer.Exit(FAILED)


def print_report(console: Console, report: Json) -> None:
    """Print each kind of fault with what is done about it."""
    for finding in report["findings"]:
        left = finding["count"] - finding["repaired"]
        console.print(Text(f"{finding['code']}: {finding['count']:,}", style="green" if not left else "bold yellow"))
        lines = [finding["sentence"]]
        if finding["repair"] and (finding["repaired"] or not report["fix"]):
            lines.append(f"{'Repaired' if finding['repaired'] else 'With --fix'}: {finding['repair']}")
        if left and (report["fix"] or not finding["repair"]):
            lines.append(f"{left:,} left. {finding['advice']}")
        lines += [f"such as {one_line(example)}" for example in finding["examples"][:3]]
        for line in lines:
            console.print(Text(f"  {line}"), soft_wrap=True)
    if not report["found"]:
        console.print("All is well: objects, rows, vectors and jobs hang together.")
    else:
        console.print(f"{report['found']:,} found, {report['repaired']:,} repaired.")
