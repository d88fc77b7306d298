"""The example of an action type in a package of its own: installed, served and worked on by real processes."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from tests.support.example_package import install, install_wheel
from tests.support.processes import SHORT_SETTINGS, until
from tests.support.program import API, PYTHONPATH, ROOT, WORKER, running_program

PREFIX = "/api/v1/tubehunt/scrape-channels"
QUEUE = ("--queue", "long_operations", "--name", "w")
PATIENCE_SECONDS = 120
GROUP = "esteira.action_types"
BUILT_IN = """
from esteira_actions import Action
action = Action(name="simulate", run=lambda params, run: None)
"""


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    return tmp_path / "packages"


@pytest.fixture
def variables(engine: Engine, redis_url: str, packages: Path) -> Mapping[str, str]:
    url = engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    settings = {"DATABASE_URL": url, "REDIS_URL": redis_url, **SHORT_SETTINGS}
    return {"PYTHONPATH": os.pathsep.join((PYTHONPATH, str(packages)))} | {
        f"ESTEIRA_{name}": value for name, value in settings.items()
    }


@pytest.fixture
def client(tmp_path: Path, packages: Path, variables: Mapping[str, str]) -> Iterator[httpx.Client]:
    """The API, and a worker, of an installation that has the example."""
    install(ROOT / "examples" / "tubehunt", packages)
    data_dir = tmp_path / "data"
    with (
        running_program(API, data_dir, **variables) as api,
        running_program((*WORKER, *QUEUE), data_dir, **variables),
        httpx.Client(base_url=api.said(r'"url": "(http://[^"]+)"').group(1), timeout=60) as client,
    ):
        yield client


def result(client: httpx.Client, started: Any) -> Any:  # noqa: ANN401
    """Follow it to its end."""
    path = f"{PREFIX}/result/{started['job_id']}"
    until(lambda: client.get(path).json()["status"] in {"completed", "failed"}, seconds=PATIENCE_SECONDS)
    return client.get(path).json()


def test_the_example_is_started_and_followed_below_its_prefix(client: httpx.Client) -> None:
    answer = client.post(f"{PREFIX}/start", headers={"Idempotency-Key": "k"})
    started = answer.json()
    assert (answer.status_code, started.keys()) == (202, {"job_id", "status", "message", "created_at"})
    assert answer.headers["Location"] == str(client.base_url.join(f"{PREFIX}/result/{started['job_id']}"))
    again = client.post(f"{PREFIX}/start", headers={"Idempotency-Key": "k"})
    assert (again.json(), again.headers["Idempotency-Replayed"]) == (started, "true")

    ended = result(client, started)
    assert ended.keys() == {"job_id", "status", "result", "execution_time_seconds", "completed_at"}
    assert [found["channel"] for found in ended["result"]["channels"]] == ["news", "science", "music"]

    # The same type by its name, and among the actions of a job.
    by_name = client.post("/api/v1/operations/scrape_channels/start", json={"channels": ["one"]}).json()
    assert result(client, by_name)["result"] == {"channels": [{"channel": "one", "videos": 3}]}
    actions = [{"type": "scrape_channels", "params": {"channels": ["no channel"]}}]
    job = client.post("/api/v1/jobs", json={"actions": actions}).json()
    failed = result(client, job)
    assert (failed["status"], failed["error"].startswith("There is no such channel")) == ("failed", True)
    status = client.get(f"/api/v1/jobs/{job['job_id']}/status").json()["actions"][0]
    assert (status["error"]["code"], status["error"]["retryable"], status["attempt"]) == ("no_such_channel", False, 1)

    for path, body, pointer in (
        (f"{PREFIX}/start", {"channels": []}, "/channels"),
        (f"{PREFIX}/start", {"channels": ["a", 1]}, "/channels/1"),
        (f"{PREFIX}/start", {"url": "x"}, "/url"),
        ("/api/v1/jobs", {"actions": [{"type": "scrape_channels", "params": {"url": 1}}]}, "/actions/0/params/url"),
    ):
        refused = client.post(path, json=body)
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_request")
        assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]

    simulated = client.post("/api/v1/operations/simulate/start", json={"duration_seconds": 1}).json()
    other = client.get(f"{PREFIX}/result/{simulated['job_id']}")
    assert (other.status_code, other.json()["code"]) == (404, "job_not_found")

    described = client.get("/openapi.json").json()
    body = described["paths"][f"{PREFIX}/start"]["post"]["requestBody"]
    assert body["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/scrape_channels"}
    assert described["components"]["schemas"]["scrape_channels"]["properties"]["channels"]["maxItems"] == 100
    assert "JobStartResponse" in described["components"]["schemas"]


@pytest.mark.parametrize("program", [API, (*WORKER, *QUEUE)])
@pytest.mark.parametrize(
    ("module", "fault"),
    [
        ("import nowhere", "cannot be imported at faulty:action (ModuleNotFoundError: No module named 'nowhere')"),
        ("import sys; sys.exit(3)", "cannot be imported at faulty:action (SystemExit: 3)"),
        ("action = 1", "has something else at faulty:action"),
        (BUILT_IN, "offers the action type simulate, which is already that of Esteira itself"),
    ],
)
def test_with_a_package_that_is_at_fault_nothing_starts_and_one_line_says_which(
    variables: Mapping[str, str], packages: Path, program: tuple[str, ...], module: str, fault: str
) -> None:
    install_wheel(packages, "esteira-faulty", "2.0", {"faulty.py": module}, {GROUP: {"a": "faulty:action"}})
    with running_program(program, packages.parent / "data", **variables) as ended:
        assert ended.ended() == 1
    lines = [line for line in ended.output.splitlines() if "esteira-faulty" in line]
    assert (len(lines), f"The package esteira-faulty 2.0 {fault}" in lines[0]) == (1, True), ended.output
    assert "Traceback" not in ended.output


def test_the_example_needs_nothing_of_the_house() -> None:
    source = (ROOT / "examples" / "tubehunt" / "esteira_tubehunt.py").read_text("utf-8")
    imported = {line.split()[1] for line in source.splitlines() if line.startswith(("from ", "import "))}
    assert imported == {"esteira_actions", "pydantic"}
