"""`esteira keys …`: makes, lists and revokes API keys, in the database itself: no API has to run."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import typer

from domain.api_key import ApiKey, KeyScope, KeyState
from domain.ids import ApiKeyId
from interface.cli.options import JsonOption, print_json
from interface.cli.services import CliServices, KeyRing
from interface.cli.tables import print_table
from interface.cli.terminal import failures_told, note, one_line, output, wrong_usage

_SPAN = re.compile(r"([1-9][0-9]{0,4})([dhm])")
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


def create(
    context: typer.Context,
    *,
    name: Annotated[str, typer.Option(help="What it is for, such as the program that gets it.")],
    scope: Annotated[list[KeyScope], typer.Option(help="What it opens; may be given again.")],
    expires: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="90d, 12h, 30m, or a date (its beginning, UTC). Otherwise never."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a key and print it, for the only time.

    read: documents, passages, search. write: upload, process, cancel and delete documents.
    operate: queue, workers, metrics. admin: all of it, and keys.
    """
    now = datetime.now(UTC)
    expires_at = _expiry(expires, now) if expires else None
    with _key_ring(context) as ring:
        key, plain = ring.create(name=name, scopes=scope, expires_at=expires_at)
    if as_json:
        print_json(_as_json(key, now) | {"key": plain.text})
        return
    note(f"Key {key.id} for {one_line(key.name)}: {_scopes(key)}; {_until(key)}. It is not shown again:")
    typer.echo(plain.text)


def list_keys(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="Also those that were revoked or have expired.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List keys, newest first; their secrets are not kept."""
    now = datetime.now(UTC)
    with _key_ring(context) as ring:
        keys = [key for key in ring.all_keys() if every or key.state(now=now) is KeyState.VALID]
    if as_json:
        print_json({"items": [_as_json(key, now) for key in keys]})
        return
    if not keys:
        output().print("There are no keys." if every else "There are no valid keys.")
        return
    headings = ("id", "name", "scopes", "state", "expires", "last use")
    print_table(headings, [_row(key, now) for key in keys], gives_way="name")


def revoke(
    context: typer.Context,
    key_id: Annotated[UUID, typer.Argument(metavar="ID", help="The key's id, as `keys list` shows it.")],
    as_json: JsonOption = False,
) -> None:
    """Take a key out of use, from the next request on."""
    with _key_ring(context) as ring:
        key = ring.revoke(ApiKeyId(key_id))
    if as_json:
        print_json(_as_json(key, datetime.now(UTC)))
    else:
        note(f"Key {key.id} for {one_line(key.name)} opens nothing any more.")


def webhook_secret(context: typer.Context) -> None:
    """Print the secret that callbacks are signed with, for those who receive them.

    It is of the settings that this command sees: run it where the workers run, or with the same settings.
    """
    services: CliServices = context.obj
    with failures_told():
        secrets = services.webhook_secrets()
    for secret in secrets:
        typer.echo(secret)


def keys_app() -> typer.Typer:
    """Return the group of these commands."""
    app = typer.Typer(no_args_is_help=True, help="Make, list and revoke API keys, also while no API runs.")
    app.command()(create)
    app.command("list")(list_keys)
    app.command()(revoke)
    app.command("webhook-secret")(webhook_secret)
    return app


@contextmanager
def _key_ring(context: typer.Context) -> Iterator[KeyRing]:
    services: CliServices = context.obj
    with failures_told(), services.open_keys() as ring:
        yield ring


def _expiry(text: str, now: datetime) -> datetime:
    if span := _SPAN.fullmatch(text):
        return now + timedelta(**{_UNITS[span[2]]: int(span[1])})
    try:
        instant = datetime.fromisoformat(text)
        return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise wrong_usage(f"{text} is no time: give 90d, 12h, 30m, or a date such as 2030-12-31.") from None


def _as_json(key: ApiKey, now: datetime) -> dict[str, object]:
    times = {name: getattr(key, name) for name in ("created_at", "expires_at", "last_used_at", "revoked_at")}
    return {
        "key_id": str(key.id),
        "name": key.name,
        "scopes": sorted(key.scopes),
        "state": key.state(now=now),
        **{name: _instant(time) if time else None for name, time in times.items()},
    }


def _row(key: ApiKey, now: datetime) -> tuple[str, ...]:
    times = (_instant(time)[:16] if time else "never" for time in (key.expires_at, key.last_used_at))
    return (str(key.id), key.name, _scopes(key), key.state(now=now).value, *times)


def _scopes(key: ApiKey) -> str:
    return " ".join(scope for scope in KeyScope if scope in key.scopes)


def _until(key: ApiKey) -> str:
    return f"good until {_instant(key.expires_at)}" if key.expires_at else "good until it is revoked"


def _instant(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
