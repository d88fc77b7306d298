"""`esteira ingest`: sends files and folders, and waits until each can be searched or says why not."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from interface.cli.client import ApiClient
from interface.cli.ingestion import Ingestion
from interface.cli.local_files import display_name, find_files, unusable
from interface.cli.options import JsonOption, ServerOption, connected, print_json
from interface.cli.progress import choose_view
from interface.cli.summary import Run, json_summary, print_summary, tell_early_end
from interface.cli.terminal import errors, output, wrong_usage


def ingest(
    context: typer.Context,
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH", readable=False, help="Files, and folders with all that is in them.")
    ],
    again: Annotated[bool, typer.Option("--again", help="Send also what is there already.")] = False,
    as_json: JsonOption = False,
    server: ServerOption = None,
) -> None:
    """Send documents and follow them until they can be searched.

    Files whose bytes are there already are skipped. Hidden files inside folders are left out.
    Exit code 0: all done, 1: something failed, 2: wrong usage.
    """
    if sentence := unusable(paths):
        raise wrong_usage(sentence)
    files = list(find_files(paths))
    if not files:
        raise wrong_usage(f"There are no files in {', '.join(map(display_name, paths))}.")
    with connected(context, server) as (api, where):
        console = errors() if as_json else output()
        run = run_ingestion(api, files, console, again=again, quiet=as_json)
        if as_json:
            print_json(json_summary(run, server=where.url))
        else:
            print_summary(console, run)
        tell_early_end(run, where)
        raise typer.Exit(run.exit_code)


def run_ingestion(
    api: ApiClient, files: Sequence[Path], console: Console, *, again: bool = False, quiet: bool = False
) -> Run:
    """Ingest, showing how far it is. Ctrl-C ends it early, and what is on the server goes on there."""
    ingestion = Ingestion(api, files, again=again)
    began = time.monotonic()
    interrupted = False
    with choose_view(console, files=len(files), quiet=quiet) as view:
        try:
            for event in ingestion.events():
                view.show(event)
        except KeyboardInterrupt:
            interrupted = True
            ingestion.stop()
    return Run(
        results=[*ingestion.results, *ingestion.unfinished()],
        elapsed_seconds=time.monotonic() - began,
        interrupted=interrupted,
        outage=ingestion.outage,
    )
