"""`esteira search`: shows the passages that answer a question."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

import typer
from rich.text import Text

from interface.cli.options import JsonOption, ServerOption, connected, print_json
from interface.cli.passages import print_passage
from interface.cli.terminal import one_line, output, wrong_usage


class Mode(StrEnum):
    """How passages are found."""

    HYBRID = "hybrid"
    SEMANTIC = "semantic"
    KEYWORD = "keyword"


def search(
    context: typer.Context,
    query: Annotated[
        str, typer.Argument(help='A question, or words to find; what is in "double quotes" must stand in the passage.')
    ],
    *,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many passages.")] = 5,
    mode: Annotated[Mode, typer.Option(help="By meaning, by words, or by both.")] = Mode.HYBRID,
    document: Annotated[
        list[UUID] | None, typer.Option(metavar="ID", help="Search this document only; may be given again.")
    ] = None,
    as_json: JsonOption = False,
    server: ServerOption = None,
) -> None:
    """Find passages in all documents, best first."""
    if not query.strip():
        raise wrong_usage("The query is empty.")
    with connected(context, server) as (api, _):
        answer = api.search(query, limit=limit, mode=mode, document_ids=list(map(str, document or ())))
        if as_json:
            print_json(answer)
            return
        console = output()
        for rank, result in enumerate(answer["results"], start=1):
            print_passage(console, rank, result)
        if not answer["results"]:
            console.print(Text(f"Nothing was found for “{one_line(query)}”."), soft_wrap=True)
