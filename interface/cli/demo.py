"""`esteira demo`: ingests the sample documents, asks three questions, and checks the answers."""

import json
from collections.abc import Sequence
from pathlib import Path

import typer
from rich.console import Console
from rich.text import Text

from esteira_client import Json
from interface.cli.client import ApiClient
from interface.cli.ingest import run_ingestion
from interface.cli.local_files import find_files
from interface.cli.options import ServerOption, connected
from interface.cli.passages import print_passage
from interface.cli.server import Server
from interface.cli.services import CliServices
from interface.cli.summary import print_summary, tell_early_end
from interface.cli.terminal import FAILED, complain, output, plural

# The expected document has to be among the first passages.
LIMIT = 3


def demo(context: typer.Context, server: ServerOption = None) -> None:
    """Ingest the sample documents and search them.

    Exit code 0 only if every document was completed and every search found the document that answers it.
    """
    services: CliServices = context.obj
    files, searches = read_samples(services.samples_folder)
    console = output()
    with connected(context, server) as (api, where):
        console.print(Text(f"Ingesting {plural(len(files), 'sample document')}", style="bold"))
        run = run_ingestion(api, files, console)
        print_summary(console, run)
        if run.interrupted or run.outage:
            tell_early_end(run, where)
            raise typer.Exit(run.exit_code)
        console.print()
        missed = [expected["query"] for expected in searches if not _ask(console, api, expected)]
        _tell_where_to_go_on(console, where)
        for query in missed:
            complain(f"The search “{query}” did not find its document.")
        if unfinished := sum(1 for result in run.results if not result.is_done):
            complain(f"{plural(unfinished, 'sample document')} not completed.")
        if missed or unfinished:
            raise typer.Exit(FAILED)
        console.print(Text("All of it worked.", style="bold green"))


def read_samples(folder: Path) -> tuple[Sequence[Path], Sequence[Json]]:
    """Return the sample documents and the searches with what each should find. Raises typer.Exit."""
    files = list(find_files([folder / "documents"])) if (folder / "documents").is_dir() else []
    try:
        searches = json.loads((folder / "queries.json").read_text(encoding="utf-8"))["searches"]
    except (OSError, ValueError, KeyError):
        searches = []
    if not files or not searches:
        complain(f"The sample documents are not in {folder}. They come with the source code of Esteira.")
        raise typer.Exit(FAILED)
    return files, searches


def _ask(console: Console, api: ApiClient, expected: Json) -> bool:
    """Show the best passage, and the expected document's where that is another. Tell if it was found."""
    query, document = expected["query"], expected["document"]
    console.print(Text.assemble(("Search: ", "bold"), query))
    results = api.search(query, limit=LIMIT, mode="hybrid")["results"]
    found = next((rank for rank, result in enumerate(results) if result["filename"] == document), None)
    for rank in sorted({0, found or 0}):
        if rank < len(results):
            print_passage(console, rank + 1, results[rank], excerpt=expected.get("passage", ""))
    return found is not None


def _tell_where_to_go_on(console: Console, server: Server) -> None:
    if server.temporary:
        lines = ["This demonstration's server stops now; the documents stay. To go on:"]
        lines += ["  make dev                                   then open http://localhost:8000"]
        lines += ["  .venv/bin/esteira ingest FOLDER            sends your own documents"]
        lines += ['  .venv/bin/esteira search "your question"   asks them']
        lines += ["With make dev, the description of the API is at http://localhost:8000/docs"]
    else:
        lines = [f"The web page is {server.url}/ and the description of the API {server.url}/docs"]
    for line in lines:
        console.print(Text(line), soft_wrap=True)
