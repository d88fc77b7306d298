"""scripts/smoke.py tells a server that works from one that is not there, is locked, or has nobody who works."""

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import httpx
import pytest

from tests.support.http_server import listening_socket, url_of
from tests.support.own_stack import __file__ as own_stack
from tests.support.processes import until
from tests.support.program import API, ROOT, running_program
from tests.support.running_stack import RunningStack

pytestmark = pytest.mark.xdist_group("whole stack")

STEPS = ["health", "upload", "process", "search", "operation", "artifact", "delete"]
PATIENCE_SECONDS = 300
MIGRATE = ("-m", "bootstrap.command", "migrate")
MAKE_KEY = ("-m", "bootstrap.command", "keys", "create", "--name", "smoke", "--scope", "read")


def smoke(tmp_path: Path, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ESTEIRA_")}
    return subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "smoke.py"), *arguments],
        env={**inherited, **settings},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def until_workers_live(url: str) -> None:
    """Wait for those that a stack starts: they load a model first."""

    def queues() -> Iterable[dict[str, int]]:
        return httpx.get(f"{url}/api/v1/queue/info").json()["queues"].values()  # type: ignore[no-any-return]

    until(lambda: all(queue["workers"] for queue in queues()), seconds=PATIENCE_SECONDS)


def test_a_server_that_works_passes_and_keeps_nothing(whole_stack: RunningStack, tmp_path: Path) -> None:
    until_workers_live(whole_stack.url)
    ended = smoke(tmp_path, "--quick", whole_stack.url)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert re.findall(r"^ok +(\w+)", ended.stdout, re.MULTILINE) == STEPS
    assert ended.stdout.endswith("All of it works.\n")
    assert "\x1b" not in ended.stdout


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    with listening_socket() as listener:
        url = url_of(listener)
    ended = smoke(tmp_path, url)
    assert (ended.returncode, ended.stderr) == (1, "")
    assert "There is no server at" in ended.stdout
    assert "Traceback" not in ended.stdout


def test_another_program_at_the_address_is_told(whole_stack: RunningStack, tmp_path: Path) -> None:
    ended = smoke(tmp_path, f"{whole_stack.url}/docs")
    assert ended.returncode == 1
    assert "Is this the right address?" in ended.stdout


@pytest.mark.parametrize("arguments", [(), ("nowhere",), ("--loud", "http://localhost"), ("ftp://localhost",)])
def test_wrong_usage_is_told_by_the_exit_code(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    ended = smoke(tmp_path, *arguments)
    assert ended.returncode == 2
    assert "usage:" in ended.stderr


def test_a_server_without_workers_and_one_with_keys_say_so(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    with (
        running_program((str(Path(own_stack)), str(data_dir)), data_dir) as stack,
    ):
        stack.said(r'"addresses"')
        with running_program(MIGRATE, data_dir) as migration:
            assert migration.ended() == 0, migration.output
        with running_program(API, data_dir) as api:
            url = api.said(r'"url": "([^"]+)".*the API answers').group(1)
            ended = smoke(tmp_path, "--quick", url)
            assert ended.returncode == 1
            for queue in ("document_processing", "long_operations", "artifacts"):
                assert f"No worker serves the queue {queue}" in ended.stdout
            assert re.search(r"^ok +delete", ended.stdout, re.MULTILINE)
        with running_program(MAKE_KEY, data_dir) as key:
            assert key.ended() == 0, key.output
        with running_program(API, data_dir, ESTEIRA_REQUIRE_API_KEY="true") as api:
            url = api.said(r'"url": "([^"]+)".*the API answers').group(1)
            ended = smoke(tmp_path, "--quick", url)
            assert ended.returncode == 1
            assert "needs an API key" in ended.stdout
            ended = smoke(tmp_path, "--quick", url, ESTEIRA_API_KEY="est_wrong")
            assert "does not know this one" in ended.stdout
