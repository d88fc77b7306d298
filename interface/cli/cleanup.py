"""`esteira cleanup`: removes what nobody needs any more."""

from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from domain.cleanup import CleanupTask
from esteira_client import Json
from interface.cli.options import JsonOption, RunningServerOption, connected_to_running, print_json
from interface.cli.tables import print_table
from interface.cli.tasks import DEFAULT_WAIT_SECONDS, WaitOption, run_task
from interface.cli.terminal import one_line, output, plural

KIBIBYTE = 1024


def cleanup(
    context: typer.Context,
    task: Annotated[CleanupTask, typer.Argument(help="What to clean up; daily is all of it.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be removed.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Even if this looks like another's store.")] = False,
    wait: WaitOption = DEFAULT_WAIT_SECONDS,
    as_json: JsonOption = False,
    server: RunningServerOption = None,
) -> None:
    """Remove what nobody needs: expired uploads, orphans in the object store and in the database, old history."""
    with connected_to_running(context, server) as api:
        ended = run_task(api, f"cleanup/{task.value}", {"dry_run": dry_run, "force": force}, wait_seconds=wait)
        if as_json:
            print_json(ended)
        else:
            print_receipt(output(), ended["result"])


def print_receipt(console: Console, receipt: Json) -> None:
    """Print what there was of each kind, then the total and what a person should know."""
    rows = [
        (swept["kind"].replace("_", " "), f"{swept['count']:,}", amount(swept["bytes"]), f"{swept['left']:,}")
        for swept in receipt["swept"]
    ]
    print_table(("kind", "count", "bytes", "left"), rows, right=("count", "bytes", "left"))
    verb = "would be removed" if receipt["dry_run"] else "removed"
    left = f", {receipt['left']:,} left" if receipt["left"] else ""
    console.print(Text(f"{plural(receipt['count'], 'thing')} {verb}, {amount(receipt['bytes'])}{left}"))
    for swept in receipt["swept"]:
        if swept["note"]:
            console.print(Text(f"{swept['kind'].replace('_', ' ')}: {one_line(swept['note'])}"), soft_wrap=True)


def amount(size_bytes: int) -> str:
    """Return a size for people: "512 B", "3.4 MiB"."""
    size = float(size_bytes)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < KIBIBYTE:
            return f"{size:.0f} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= KIBIBYTE
    return f"{size:.1f} TiB"
