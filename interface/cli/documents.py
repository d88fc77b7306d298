"""`esteira documents …`: looks at documents, fetches their text, stops or deletes them."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from domain.document import DocumentStatus, clean_filename
from interface.cli.client import ApiClient
from interface.cli.following import Following
from interface.cli.objects import print_object
from interface.cli.options import JsonOption, ServerOption, connected, print_json
from interface.cli.passages import page_range, tidy
from interface.cli.progress import middle
from interface.cli.terminal import FAILED, note, one_line, output, plural, printable, wrong_usage

DocumentArgument = Annotated[UUID, typer.Argument(metavar="ID", help="The document's id.")]
PAGE_LIMIT = 1000
# What a table of three columns puts between and around them.
BORDERS = 8


def list_documents(
    context: typer.Context,
    *,
    status: Annotated[DocumentStatus | None, typer.Option(help="Only those in this state.")] = None,
    filename: Annotated[str | None, typer.Option(help="Only those of this name.")] = None,
    external_id: Annotated[str | None, typer.Option(help="Only that of this id of yours.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=PAGE_LIMIT, help="How many.")] = 50,
    cursor: Annotated[str | None, typer.Option(help="Go on where the last list ended.")] = None,
    as_json: JsonOption = False,
    server: ServerOption = None,
) -> None:
    """List documents, newest first."""
    with connected(context, server) as (api, _):
        page = api.documents(status=status, filename=filename, external_id=external_id, limit=limit, cursor=cursor)
        if as_json:
            print_json(page)
            return
        console = output()
        if not page["items"]:
            console.print("There are no documents.")
            return
        rows = [(item["document_id"], item["status"], one_line(item["filename"])) for item in page["items"]]
        if console.is_terminal:
            console.print(_table(rows, columns=console.width))
        else:
            typer.echo("\n".join("\t".join(row) for row in rows))
        if page.get("next_cursor"):
            note(f"There are more: --cursor {page['next_cursor']}")


def show(
    context: typer.Context, document_id: DocumentArgument, as_json: JsonOption = False, server: ServerOption = None
) -> None:
    """Show what is known of a document."""
    with connected(context, server) as (api, _):
        print_object(api.document(str(document_id)), as_json=as_json)


def status(
    context: typer.Context,
    document_id: DocumentArgument,
    follow: Annotated[bool, typer.Option("--follow", help="Wait until it has ended; tell each step.")] = False,
    as_json: JsonOption = False,
    server: ServerOption = None,
) -> None:
    """Show how far the processing is. With --follow, exit code 1 if it did not complete."""
    with connected(context, server) as (api, _):
        answer = api.status(str(document_id))
        if follow and answer["status"] != DocumentStatus.AWAITING_UPLOAD:
            _follow(api, str(document_id))
            answer = api.status(str(document_id))
        print_object(answer, as_json=as_json)
        if follow and answer["status"] != DocumentStatus.COMPLETED:
            raise typer.Exit(FAILED)


def text(
    context: typer.Context,
    document_id: DocumentArgument,
    page: Annotated[int | None, typer.Option(min=1, help="Only this page.")] = None,
    server: ServerOption = None,
) -> None:
    """Print the extracted text."""
    with connected(context, server) as (api, _):
        extracted = api.text(str(document_id), page=page)
        typer.echo(printable(extracted) if sys.stdout.isatty() else extracted)


def chunks(
    context: typer.Context,
    document_id: DocumentArgument,
    *,
    limit: Annotated[int, typer.Option(min=1, max=PAGE_LIMIT, help="How many.")] = 50,
    cursor: Annotated[str | None, typer.Option(help="Go on where the last list ended.")] = None,
    as_json: JsonOption = False,
    server: ServerOption = None,
) -> None:
    """Print the passages in order."""
    with connected(context, server) as (api, _):
        answer = api.chunks(str(document_id), limit=limit, cursor=cursor)
        if as_json:
            print_json(answer)
            return
        console = output()
        for chunk in answer["items"]:
            parts = [f"#{chunk['position']}", page_range(chunk), plural(chunk["token_count"], "token")]
            parts.append(" > ".join(map(one_line, chunk.get("headings") or ())))
            console.print(Text(" · ".join(filter(None, parts)), style="bold"))
            console.print(Text(tidy(chunk["text"])))
            console.print()
        if answer.get("next_cursor"):
            note(f"There are more: --cursor {answer['next_cursor']}")


def download(
    context: typer.Context,
    document_id: DocumentArgument,
    target: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to; - is standard output. Else the document's name.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    server: ServerOption = None,
) -> None:
    """Download the original file."""
    with connected(context, server) as (api, _):
        if target == Path("-"):
            for block in api.content(str(document_id)):
                sys.stdout.buffer.write(block)
            return
        place = target or Path(clean_filename(api.document(str(document_id))["filename"]))
        if place.is_dir() or not place.absolute().parent.is_dir():
            raise wrong_usage(f"{place} cannot be written: name a file in a folder that exists.")
        if place.exists() and not force:
            raise wrong_usage(f"{place} is there already. --force replaces it, --output takes another name.")
        partial = place.with_name(f".{place.name[:200]}.part")
        try:
            with partial.open("wb") as file:
                for block in api.content(str(document_id)):
                    file.write(block)
            partial.replace(place)
        except OSError as error:
            raise wrong_usage(f"{place} cannot be written: {error.strerror}.") from None
        finally:
            partial.unlink(missing_ok=True)
        note(f"{place}: {place.stat().st_size:,} bytes")


def process(context: typer.Context, document_id: DocumentArgument, server: ServerOption = None) -> None:
    """Process a document, again if it has been before; wait for its end with `status --follow`."""
    with connected(context, server) as (api, _):
        print_object(api.process(str(document_id)), as_json=False)


def cancel(
    context: typer.Context, document_id: DocumentArgument, as_json: JsonOption = False, server: ServerOption = None
) -> None:
    """Stop the processing of a document."""
    with connected(context, server) as (api, _):
        print_object(api.cancel(str(document_id)), as_json=as_json)


def delete(
    context: typer.Context,
    document_id: DocumentArgument,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: JsonOption = False,
    server: ServerOption = None,
) -> None:
    """Delete a document, its passages and its file."""
    with connected(context, server) as (api, _):
        if not yes:
            if not sys.stdin.isatty():
                raise wrong_usage("Deleting asks first, and nobody can answer here: add --yes.")
            filename = one_line(api.document(str(document_id))["filename"])
            typer.confirm(f"Delete {filename} and its passages for good?", abort=True)
        print_object(api.delete(str(document_id)), as_json=as_json)


def documents_app() -> typer.Typer:
    """Return the group of these commands."""
    app = typer.Typer(no_args_is_help=True, help="Look at documents, fetch their text, stop or delete them.")
    app.command("list")(list_documents)
    for command in (show, status, text, chunks, download, process, cancel, delete):
        app.command()(command)
    app.command("content", hidden=True)(download)
    return app


def _table(rows: Sequence[tuple[str, str, str]], *, columns: int) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    for heading, width in zip(("id", "status"), widths, strict=True):
        table.add_column(heading, no_wrap=True, min_width=width)
    table.add_column("file", no_wrap=True)
    for document_id, state, filename in rows:
        table.add_row(document_id, state, Text(middle(filename, max(12, columns - sum(widths) - BORDERS))))
    return table


def _follow(api: ApiClient, document_id: str) -> None:
    following = Following(api)
    following.add(document_id)
    told = ""
    while following:
        for state in following.poll():
            line = "It was deleted." if isinstance(state, str) else f"{state.progress}%  {one_line(state.message)}"
            if line != told:
                note(line)
                told = line
        time.sleep(max(0.0, following.due_at - time.monotonic()) if following else 0)
