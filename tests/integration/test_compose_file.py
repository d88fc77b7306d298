"""docker-compose.yml, the Dockerfile and what stands around them agree, as far as that shows without containers."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from bootstrap.settings import Settings
from infrastructure.queue.queue_names import QUEUES
from tests.support.production_stack import compose_services, in_order, read_env, seconds_of

ROOT = Path(__file__).parents[2]
# Of the Compose Specification (Apache-2.0), schema/compose-spec.json of its repository.
SCHEMA = json.loads((ROOT / "tests" / "support" / "compose-spec.json").read_text("utf-8"))
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
URLS = ("https://esteira.example.org", "https://files.example.org")
OURS = [name for name, service in COMPOSE["services"].items() if "esteira:" in service.get("image", "")]


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    target = tmp_path / ".env"
    subprocess.run(
        [sys.executable, ROOT / "scripts" / "make_env.py", *URLS, "--output", target], check=True, capture_output=True
    )
    return target


def test_the_file_follows_the_compose_specification() -> None:
    jsonschema.Draft7Validator(SCHEMA).validate(COMPOSE)


@pytest.mark.skipif(shutil.which("docker-compose") is None, reason="docker-compose is not installed")
def test_docker_compose_reads_the_file_and_refuses_it_without_passwords(env_file: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    command = ["docker-compose", "--file", str(ROOT / "docker-compose.yml"), "--profile", "monitoring"]
    clean = {"PATH": os.environ["PATH"]}

    read = subprocess.run(
        [*command, "--env-file", env_file, "config"], capture_output=True, text=True, env=clean, check=False
    )
    refused = subprocess.run(
        [*command, "--env-file", empty, "config"], capture_output=True, text=True, env=clean, check=False
    )

    assert read.returncode == 0, read.stderr
    assert set(yaml.safe_load(read.stdout)["services"]) == set(COMPOSE["services"])
    assert refused.returncode != 0
    assert "scripts/make_env.py" in refused.stderr


def test_every_password_comes_from_the_env_file_and_is_another(env_file: Path) -> None:
    values = read_env(env_file)
    asked = set(re.findall(r"\$\{(\w+):\?", (ROOT / "docker-compose.yml").read_text("utf-8")))
    passwords = [value for name, value in values.items() if name.endswith(("_KEY", "_PASSWORD"))]

    assert asked <= {name for name, value in values.items() if value}
    assert len(set(passwords)) == len(passwords) == 7
    assert min(len(value) for value in passwords) >= 20
    assert env_file.stat().st_mode & 0o077 == 0


def test_an_env_file_that_is_there_is_left_alone(env_file: Path) -> None:
    before = env_file.read_text("utf-8")
    again = subprocess.run(
        [sys.executable, ROOT / "scripts" / "make_env.py", *URLS, "--output", env_file],
        capture_output=True,
        check=False,
    )

    assert again.returncode == 1
    assert env_file.read_text("utf-8") == before


@pytest.mark.parametrize("files_url", ["files.example.org", "ftp://files.example.org", "https://[", ""])
def test_what_is_no_address_is_not_written(files_url: str, tmp_path: Path) -> None:
    target = tmp_path / ".env"
    refused = subprocess.run(
        [sys.executable, ROOT / "scripts" / "make_env.py", URLS[0], files_url, "--output", target],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (refused.returncode, "is no address: give one such as" in refused.stderr) == (2, True)
    assert not target.exists()


def test_each_queue_has_a_worker_service_that_can_be_scaled() -> None:
    workers = [service for name, service in COMPOSE["services"].items() if name.startswith("worker-")]

    assert sorted(service["command"][-1] for service in workers) == sorted(QUEUES)
    assert all("--supervised" in service["command"] for service in workers)
    assert not any("ports" in service or "container_name" in service for service in workers)


def test_workers_are_given_longer_to_stop_than_they_take() -> None:
    fields = Settings.model_fields
    longest = fields["grace_seconds"].default + fields["beat_seconds"].default
    graces = [
        seconds_of(service["stop_grace_period"])
        for service in COMPOSE["services"].values()
        if "worker.py" in service.get("command", [])
    ]

    assert len(graces) == len(QUEUES)
    assert min(graces) > longest + 10


def test_every_setting_of_the_env_file_reaches_our_services() -> None:
    given = COMPOSE["services"]["worker-documents"]["environment"] | COMPOSE["services"]["api"]["environment"]
    settings = {f"ESTEIRA_{name}".upper() for name in Settings.model_fields}

    # In the container every caller comes by the network, so keys are needed anyway.
    assert settings - set(given) == {"ESTEIRA_REQUIRE_API_KEY"}


def test_our_services_write_to_nothing_but_scratch_and_are_not_root() -> None:
    assert OURS
    for name in OURS:
        service = COMPOSE["services"][name]
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
        assert service["volumes"] == ["scratch:/var/lib/esteira"]
    assert DOCKERFILE.rpartition("USER ")[2].startswith("esteira")


def test_only_what_clients_reach_is_published() -> None:
    published = {name: service["ports"] for name, service in COMPOSE["services"].items() if "ports" in service}

    assert set(published) == {"api", "seaweedfs", "rq-dashboard", "prometheus", "alertmanager", "grafana"}
    assert all(
        port.startswith(("127.0.0.1:", "${ESTEIRA_BIND:-127.0.0.1}:")) for ports in published.values() for port in ports
    )
    assert COMPOSE["networks"]["inside"] == {"internal": True}


def test_images_of_others_are_pinned() -> None:
    images = [
        service["image"] for service in COMPOSE["services"].values() if not service["image"].startswith("esteira")
    ]
    bases = re.findall(r"^FROM (\S+:\S+)", DOCKERFILE, re.MULTILINE)

    assert all(re.search(r":\w*\d", image) for image in [*images, *bases])
    assert not any("latest" in image for image in images)


def test_nothing_starts_before_what_it_needs(env_file: Path) -> None:
    order = in_order(compose_services(read_env(env_file)))

    for name, needs in {"migrate": "postgres", "storage-setup": "seaweedfs", "api": "migrate"}.items():
        assert order.index(needs) < order.index(name)
    assert all(order.index("migrate") < order.index(name) for name in order if name.startswith("worker-"))


def test_the_image_gets_what_the_dockerfile_copies_and_no_secret() -> None:
    let_in = {
        line[1:].rstrip("/") for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line[:1] == "!"
    }
    copied = {
        source.rstrip("/")
        for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
        for source in sources.split()
    }

    def is_in(source: str, path: str) -> bool:
        return f"{source}/".startswith(f"{path}/")

    assert all(any(is_in(source, path) for path in let_in) for source in copied)
    assert all(any(is_in(source, path) for source in copied) for path in let_in)
    assert all((ROOT / source).exists() for source in copied)
    assert ".env" not in let_in


def test_the_dashboard_is_locked_to_the_versions_that_are_tested() -> None:
    tested = (ROOT / "requirements" / "test.lock").read_text("utf-8")
    locked = re.findall(r"^\S+==\S+", (ROOT / "requirements" / "dashboard.lock").read_text("utf-8"), re.MULTILINE)

    assert "rq-dashboard" in {pin.partition("==")[0] for pin in locked}
    assert all(f"{pin} " in tested for pin in locked)
