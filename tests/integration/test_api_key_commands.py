"""Keys from the command line to the server: made without a running API, asked for at start, sent by the commands."""

import json
import re
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError
from sqlalchemy import text
from typer.testing import CliRunner, Result

from bootstrap.command import wire_cli
from bootstrap.serving import bind, keys_required, public_url_of
from bootstrap.settings import Settings
from bootstrap.whole_stack import for_one_command
from infrastructure.callbacks.standard_webhooks import read_secret
from infrastructure.embedded.stack import EmbeddedStack
from infrastructure.postgres.engine import make_engine
from infrastructure.postgres.migrate import migrate
from interface.cli.app import create_cli
from tests.support.program import API, running_program

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what is tested
CREATE = ("keys", "create", "--name", "a test", "--scope", "admin")
KEY = re.compile(r"est_[0-9a-f]{32}_[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Installation:
    """The command line with the settings of one data directory."""

    settings: Mapping[str, Any]

    def run(self, *arguments: str, **settings: object) -> Result:
        command = create_cli(wire_cli(Settings(_env_file=None, **self.settings | settings)))
        return CliRunner().invoke(command, arguments)

    def json(self, *arguments: str) -> Any:  # noqa: ANN401
        result = self.run(*arguments, "--json")
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)

    def variables(self, **settings: str) -> dict[str, str]:
        """The same for a program."""
        return {f"ESTEIRA_{name.upper()}": str(value) for name, value in {**self.settings, **settings}.items()}


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def embedded(data_dir: Path) -> Installation:
    return Installation(settings={"data_dir": data_dir})


@pytest.fixture
def external(data_dir: Path, database_url: str, redis_url: str) -> Installation:
    """An installation with a PostgreSQL and a Redis of its own."""
    migrate(make_engine(database_url, application_name="test", pool_size=0))
    return Installation(settings={"data_dir": data_dir, "database_url": database_url, "redis_url": redis_url})


# The commands


def test_the_first_key_is_made_before_anything_runs(embedded: Installation) -> None:
    result = embedded.run(*CREATE)
    assert (result.exit_code, "not shown again" in result.stderr) == (0, True)
    assert KEY.fullmatch(result.stdout.strip())
    assert not KEY.search(result.stderr)
    assert [item["name"] for item in embedded.json("keys", "list")["items"]] == ["a test"]


def test_a_running_stack_is_attached_to(embedded: Installation, data_dir: Path) -> None:
    with EmbeddedStack.own(data_dir, want_redis=False):
        assert KEY.fullmatch(embedded.run(*CREATE).stdout.strip())


def test_a_database_of_another_version_is_told(external: Installation, database_url: str) -> None:
    with make_engine(database_url, application_name="test", pool_size=0).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    result = external.run(*CREATE)
    assert (result.exit_code, "esteira migrate" in result.stderr) == (1, True)


def test_keys_are_made_listed_and_revoked(external: Installation) -> None:
    key = external.json(*CREATE, "--scope", "read", "--expires", "90d")
    assert KEY.fullmatch(key["key"])
    assert key["scopes"] == ["admin", "read"]
    left = datetime.fromisoformat(key["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=89, hours=23) < left <= timedelta(days=90)
    assert key["key_id"] in external.run("keys", "list").stdout

    assert external.run("keys", "revoke", key["key_id"]).exit_code == 0
    assert key["key_id"] not in external.run("keys", "list").stdout
    every = external.json("keys", "list", "--all")
    assert [item["state"] for item in every["items"]] == ["revoked"]
    assert key["key"].rpartition("_")[2] not in str(every)


def test_a_key_may_end_on_a_date(external: Installation) -> None:
    assert external.json(*CREATE, "--expires", "2999-12-31")["expires_at"] == "2999-12-31T00:00:00Z"
    assert external.json(*CREATE, "--expires", "9999-12-31")["expires_at"] == "9999-12-31T00:00:00Z"
    assert len(external.json("keys", "list")["items"]) == 2


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (("create", "--name", "x"), 2),
        (("create", "--scope", "read"), 2),
        (("create", "--name", "x", "--scope", "root"), 2),
        (("create", "--name", "x", "--scope", "read", "--expires", "soon"), 2),
        (("create", "--name", "x", "--scope", "read", "--expires", "99999d999"), 2),
        (("create", "--name", " ", "--scope", "read"), 1),
        (("create", "--name", "x", "--scope", "read", "--expires", "2001-01-01"), 1),
        (("create", "--name", "x", "--scope", "read", "--expires", "9999-12-31T00:00:01Z"), 1),
        (("create", "--name", "x", "--scope", "read", "--expires", "9999-12-31T23:59:59-03:00"), 2),
        (("revoke", "nonsense"), 2),
        (("revoke", "00000000-0000-7000-8000-000000000009"), 1),
    ],
)
def test_wrong_commands_are_told_in_a_sentence(
    external: Installation, arguments: tuple[str, ...], exit_code: int
) -> None:
    result = external.run("keys", *arguments)
    assert (result.exit_code, result.stdout) == (exit_code, "")
    assert result.stderr


# Which addresses need keys


@pytest.mark.parametrize(
    ("host", "needed"),
    [
        ("127.0.0.1", False),
        ("127.0.0.2", False),
        ("localhost", False),
        ("::1", False),
        ("::ffff:127.0.0.1", False),
        (EVERYWHERE, True),
        ("::", True),
        ("::ffff:0.0.0.0", True),
        ("", True),
        ("0", True),
    ],
)
def test_keys_are_needed_wherever_another_machine_can_reach(host: str, needed: bool) -> None:
    settings = Settings(_env_file=None, host=host, port=0)
    with bind(settings) as listener:
        assert keys_required(settings, listener) is needed


def test_a_host_name_counts_by_what_it_stands_for() -> None:
    name = socket.gethostname()
    settings = Settings(_env_file=None, host=name, port=0)
    with bind(settings) as listener:
        assert keys_required(settings, listener) is not listener.getsockname()[0].startswith("127.")


def test_keys_can_be_asked_for_on_loopback_too() -> None:
    settings = Settings(_env_file=None, port=0, require_api_key=True)
    with bind(settings) as listener:
        assert keys_required(settings, listener)


def test_a_server_that_a_command_starts_for_itself_is_served_to_this_machine_alone() -> None:
    settings = for_one_command(Settings(_env_file=None, host=EVERYWHERE, public_url="https://esteira.example"))
    with bind(settings, any_port=True) as listener:
        assert not keys_required(settings, listener)
        assert public_url_of(settings, listener) == f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("key", ["two words", "línea", "a\nb"])
def test_a_key_that_cannot_be_sent_is_told(key: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Settings(_env_file=None, api_key=key)
    assert caught.value.errors()[0]["loc"] == ("api_key",)


# The server


@pytest.mark.parametrize("settings", [{"host": EVERYWHERE}, {"require_api_key": "true"}])
def test_the_api_does_not_start_where_keys_are_needed_and_there_is_no_valid_one(
    external: Installation, data_dir: Path, settings: dict[str, str]
) -> None:
    external.run("keys", "revoke", external.json(*CREATE)["key_id"])
    with running_program(API, data_dir, **external.variables(**settings)) as program:
        assert program.ended() == 1
    (line,) = program.output.splitlines()
    assert "(no_api_key)" in line
    assert "esteira keys create --name NAME --scope admin" in line


@pytest.fixture
def server(data_dir: Path, external: Installation) -> Iterator[tuple[str, str]]:
    """An API on every address of this machine, and a key that opens all."""
    key = external.run(*CREATE).stdout.strip()
    with running_program(API, data_dir, **external.variables(host=EVERYWHERE)) as program:
        yield program.said(r'"url": "(http://[^"]+)"').group(1), key


def test_commands_send_the_key_from_the_env_file(data_dir: Path, server: tuple[str, str]) -> None:
    url, key = server
    (data_dir.parent / ".env").write_text(f"ESTEIRA_API_KEY={key}\n")
    listing = ("-m", "bootstrap.command", "documents", "list", "--server", url, "--json")
    with running_program(listing, data_dir) as program:
        assert program.ended() == 0
    assert json.loads(program.output)["items"] == []
    assert httpx.get(f"{url}/api/v1/documents").status_code == 401


def test_commands_without_a_good_key_say_where_to_put_one(
    data_dir: Path, server: tuple[str, str], external: Installation
) -> None:
    url, key = server
    file = data_dir.parent / "a.txt"
    file.write_text("text")
    search, ingest = ("search", "x", "--server", url), ("ingest", str(file), "--server", url)
    reader = external.json("keys", "create", "--name", "r", "--scope", "read")["key"]
    for arguments, sent, words in [
        (search, None, "needs an API key: put one into ESTEIRA_API_KEY. (unauthorized)"),
        (ingest, None, "needs an API key: put one into ESTEIRA_API_KEY."),
        (search, key[:-1], "not valid"),
        (ingest, reader, "does not have the scope `write`"),
    ]:
        result = external.run(*arguments, api_key=sent)
        assert (result.exit_code, words in " ".join(result.output.split())) == (1, True), result.output
        assert not KEY.search(result.output)
    assert external.run(*search, api_key=key).exit_code == 0


def test_the_secret_of_callbacks_is_shown_and_stays_the_same(embedded: Installation) -> None:
    shown = embedded.run("keys", "webhook-secret")
    assert (shown.exit_code, len(read_secret(shown.stdout.strip()))) == (0, 32)
    assert embedded.run("keys", "webhook-secret").stdout == shown.stdout
    assert embedded.run("keys", "webhook-secret", secret_key="s" * 32).stdout != shown.stdout
    both = "whsec_" + "a" * 32, "whsec_" + "b" * 32
    assert embedded.run("keys", "webhook-secret", webhook_secret=",".join(both)).stdout.split() == [*both]
