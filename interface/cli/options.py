"""Options that several commands take, and how a command gets its server."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from interface.cli.client import ApiClient
from interface.cli.server import Server, server_launcher
from interface.cli.services import CliServices
from interface.cli.terminal import FAILED, complain, failures_told, wrong_usage

ServerOption = Annotated[
    str | None,
    typer.Option(
        "--server",
        metavar="URL",
        envvar="ESTEIRA_SERVER",
        help="The server to talk to. Otherwise the one running here, else one is started for this command.",
    ),
]
RunningServerOption = Annotated[
    str | None,
    typer.Option(
        "--server",
        metavar="URL",
        envvar="ESTEIRA_SERVER",
        help="The server to talk to. Otherwise the one running here.",
    ),
]
LimitOption = Annotated[int, typer.Option(min=1, max=1000, help="How many.")]
CursorOption = Annotated[str | None, typer.Option(help="Go on where the last list ended.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@contextmanager
def connected(context: typer.Context, address: str | None) -> Iterator[tuple[ApiClient, Server]]:
    """Give a client of the server to use; what goes wrong inside becomes a sentence and an exit code."""
    if address and not is_http_url(address):
        raise wrong_usage(f"{address} is no address of a server. It looks like http://localhost:8000")
    services: CliServices = context.obj
    with (
        failures_told(),
        server_launcher(services)(address) as server,
        ApiClient(server.url, api_key=services.api_key) as api,
    ):
        yield api, server


@contextmanager
def connected_to_running(context: typer.Context, address: str | None) -> Iterator[ApiClient]:
    """Give a client as `connected` does, but of a server that runs already: one of its own has nothing to tell."""
    services: CliServices = context.obj
    with failures_told():
        found = address or services.find_running()
    if not found:
        complain("No server is running here. Start one by `esteira dev`, or name one by --server URL.")
        raise typer.Exit(FAILED)
    with connected(context, found) as (api, _):
        yield api


def is_http_url(address: str) -> bool:
    """Tell if this can be the address of a server."""
    try:
        parts = urlsplit(address)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def print_json(document: Any) -> None:  # noqa: ANN401
    """Print JSON on standard output."""
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
