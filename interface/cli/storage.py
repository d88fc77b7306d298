"""Commands for the object store: `esteira storage`."""

from typing import Annotated

import typer

from interface.cli.terminal import failures_told


def storage_app() -> typer.Typer:
    """Return the group of commands."""
    app = typer.Typer(no_args_is_help=True, help="Prepare the object store.")
    app.command()(setup)
    app.command()(copy)
    return app


def setup(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    skip_public_check: Annotated[
        bool,
        typer.Option(
            "--skip-public-check",
            help="Try URLs of the server's own endpoint: for where only browsers reach the public one.",
        ),
    ] = False,
) -> None:
    """Make the bucket, set its rules, and try by URLs what browsers will do."""
    with failures_told():
        raise typer.Exit(context.obj.run_storage_setup(dry_run, skip_public_check))


def copy(context: typer.Context) -> None:
    """Copy the objects of the local store into the bucket: for a move from the embedded parts to S3."""
    with failures_told():
        raise typer.Exit(context.obj.run_storage_copy())
