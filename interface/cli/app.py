"""The command `esteira`: which commands there are."""

from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated

import typer

from interface.cli.cleanup import cleanup
from interface.cli.demo import demo
from interface.cli.doctor import doctor
from interface.cli.documents import documents_app
from interface.cli.ingest import ingest
from interface.cli.jobs import jobs_app
from interface.cli.keys import keys_app
from interface.cli.queue import queue_app
from interface.cli.search import search
from interface.cli.services import CliServices
from interface.cli.storage import storage_app
from interface.cli.terminal import failures_told

PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}


def create_cli(services: CliServices) -> typer.Typer:
    """Return the command; call it to run."""
    app = typer.Typer(
        name="esteira",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )

    @app.callback()
    def give_services(
        context: typer.Context,
        _version: Annotated[
            bool, typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=_tell_version)
        ] = False,
    ) -> None:
        """Upload documents, extract, chunk and embed them, and search what they say."""
        context.obj = services

    app.command()(ingest)
    app.command()(search)
    app.add_typer(documents_app(), name="documents")
    app.add_typer(queue_app(), name="queue")
    app.add_typer(jobs_app(), name="jobs")
    app.add_typer(keys_app(), name="keys")
    app.command()(demo)
    app.command()(cleanup)
    app.command()(doctor)
    app.command()(dev)
    app.command()(api)
    app.command(context_settings=PASS_ON, add_help_option=False)(worker)
    app.command()(migrate)
    app.add_typer(storage_app(), name="storage")
    return app


def dev(context: typer.Context) -> None:
    """Serve API, workers and embedded parts until Ctrl-C."""
    _run(context.obj.run_dev)


def api(context: typer.Context) -> None:
    """Serve the API alone."""
    _run(context.obj.run_api)


def worker(context: typer.Context) -> None:
    """Run a worker; --help tells its options."""
    _run(lambda: context.obj.run_worker(context.args))


def migrate(context: typer.Context) -> None:
    """Bring the database's schema up to date."""
    _run(context.obj.run_migrate)


def _tell_version(asked: bool) -> None:
    if asked:
        typer.echo(f"esteira {version('esteira')}")
        raise typer.Exit


def _run(program: Callable[[], int]) -> None:
    with failures_told():
        raise typer.Exit(program())
