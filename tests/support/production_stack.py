"""docker-compose.yml without containers: the same commands, environments, health checks and order, as processes here.

What differs is what a container would bring: addresses, ports and folders are this machine's, and the object store is
whichever S3 server the test gives. The code is the Dockerfile's: the tree has what it copies, and nothing else.
"""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from infrastructure.embedded.programs import find_postgres_programs, find_redis_program
from tests.support.ceph_gateway import free_port
from tests.support.processes import until
from tests.support.program import ROOT
from tests.support.tcp_servers import tcp_postgres, tcp_redis

START_SECONDS = 90
ENGINES = ("postgres", "redis", "seaweedfs")
Service = Mapping[str, Any]


def compose_services(environment: Mapping[str, str]) -> dict[str, Service]:
    """Return the services that start without a profile, their variables filled in as docker compose does it."""

    def value(found: "re.Match[str]") -> str:
        name, operator, word = found.groups()
        if given := environment.get(name):
            return given
        assert operator == ":-", f"{name} is not set: {word}"
        return str(word)

    def filled(node: Any) -> Any:  # noqa: ANN401 - any YAML
        if isinstance(node, dict):
            return {key: filled(child) for key, child in node.items()}
        if isinstance(node, list):
            return [filled(child) for child in node]
        return re.sub(r"\$\{(\w+)(:-|:\?)([^}]*)\}", value, node) if isinstance(node, str) else node

    services: dict[str, Service] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    return {name: filled(service) for name, service in services.items() if "profiles" not in service}


def in_order(services: Mapping[str, Service]) -> list[str]:
    """Return the services' names, each after those that it waits for."""
    ordered: list[str] = []
    while left := [name for name in services if name not in ordered]:
        ready = [name for name in left if set(services[name].get("depends_on", {})) <= set(ordered)]
        assert ready, f"they wait for each other: {left}"
        ordered += ready
    return ordered


def copy_image(target: Path) -> None:
    """Make the folder /app of the image, as the Dockerfile's last stage does, without what can be written to."""
    stage = (ROOT / "Dockerfile").read_text().partition(" AS runtime\n")[2].partition("\nFROM ")[0]
    copied = re.findall(r"^COPY (?!--from)(.+) (/app/\S*)$", stage, re.MULTILINE)
    assert copied
    for sources, place in copied:
        for source in sources.split():
            to = target / Path(place).relative_to("/app")
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, to, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / source, to / source)
    for path in [target, *target.rglob("*")]:
        path.chmod(path.stat().st_mode & ~0o222)


@dataclass
class ProductionStack:
    """Starts and stops the services in `folder`; `environment` is what .env says."""

    folder: Path
    environment: Mapping[str, str]
    s3_url: str
    ports: dict[str, int]
    started: set[str] = field(default_factory=set)
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    servers: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        self.services = compose_services(self.environment)
        self.app = self.folder / "app"
        for name in ("state", "logs", "app"):
            self.folder.joinpath(name).mkdir(exist_ok=True)
        copy_image(self.app)

    def up(self, names: Sequence[str] | None = None) -> None:
        """Start what does not run yet, one after the other, each when what it waits for is ready."""
        for name in names or in_order(self.services):
            if name in self.started:
                continue
            for other, how in self.services[name].get("depends_on", {}).items():
                self.wait_for(other, how["condition"])
            self.start(name)

    def start(self, name: str) -> None:
        """Start one service."""
        self.started.add(name)
        service = self.services[name]
        command = [self.here(str(word)) for word in service["command"]]
        if name == "postgres":
            given = self.here_environment(service)
            folder = self.folder / "postgres"
            assert command[0] == "postgres"
            start = tcp_postgres(
                folder, port=self.ports["5432"], password=given["POSTGRES_PASSWORD"], options=command[1:]
            )
            self.servers.enter_context(start)
        elif name == "redis":
            assert command[0] == "redis-server"
            self.running[name] = self.servers.enter_context(tcp_redis(self.folder / "data", command[1:]))
        elif name != "seaweedfs":
            if name == "rq-dashboard":
                command = ["python", str(self.app / "scripts" / "queue_dashboard.py"), *command]
            program = shutil.which(command[0], path=self.path)
            assert program, command
            with self.folder.joinpath("logs", name).open("ab") as output:
                self.running[name] = subprocess.Popen(
                    [program, *command[1:]],
                    env=self.here_environment(service),
                    cwd=self.app,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    process_group=0,
                )

    def wait_for(self, name: str, condition: str) -> None:
        """Wait as `depends_on` says."""
        if name == "seaweedfs":
            return
        if condition == "service_completed_successfully":
            code = self.running[name].wait(START_SECONDS)
            assert code == 0, f"{name} ended with {code}: {self.log(name)}"
        elif condition == "service_healthy":
            until(lambda: self.is_healthy(name), seconds=START_SECONDS)

    def is_healthy(self, name: str) -> bool:
        """Run the health check of a service."""
        process = self.running.get(name)
        assert process is None or process.poll() is None, f"{name} has ended: {self.log(name)}"
        kind, *command = self.services[name]["healthcheck"]["test"]
        words = ["sh", "-c", *command] if kind == "CMD-SHELL" else command
        return self.run(name, [str(word) for word in words]).returncode == 0

    def run(self, name: str, command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
        """Run a command as `docker compose run` and the health checks do."""
        return subprocess.run(
            [self.here(word) for word in command],
            env=self.here_environment(self.services[name]),
            cwd=self.app,
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
            check=False,
        )

    def stop(self) -> dict[str, tuple[int, float]]:
        """Stop all as `docker compose stop` does; return exit codes, and seconds as a share of the grace."""
        ended = {}
        began = time.monotonic()
        ours = {name: process for name, process in self.running.items() if name not in ENGINES}
        for process in ours.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for name, process in ours.items():
            grace = seconds_of(self.services[name].get("stop_grace_period", "10s"))
            try:
                code = process.wait(max(0.1, grace - (time.monotonic() - began)))
            except subprocess.TimeoutExpired:
                process.kill()
                code = process.wait()
            ended[name] = (code, (time.monotonic() - began) / grace)
        self.servers.close()
        self.running.clear()
        self.started.clear()
        return ended

    def log(self, name: str) -> str:
        """Return what a service said."""
        return self.folder.joinpath("logs", name).read_text(errors="replace")

    def here_environment(self, service: Service) -> dict[str, str]:
        """Return the environment of a service and of its image, with this machine's addresses."""
        given = {name: self.here(str(value)) for name, value in service.get("environment", {}).items()}
        # Of the image.
        image = {"PYTHONPATH": str(self.app), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}
        return {"PATH": self.path, "HOME": "/nonexistent", "LC_ALL": "C.UTF-8", **image, **given}

    @property
    def path(self) -> str:
        """Where the programs of all images are."""
        folders = [Path(sys.executable).parent, find_postgres_programs(), find_redis_program().parent]
        return os.pathsep.join([*map(str, folders), "/usr/bin", "/bin"])

    def here(self, word: str) -> str:
        """Put this machine's addresses and folders in place of the containers'."""
        word = re.sub(r"@(postgres|redis):", "@127.0.0.1:", word).replace("http://seaweedfs:8333", self.s3_url)
        word = re.sub(r"\b(5432|6379|8000|9181)\b", lambda found: str(self.ports[found[0]]), word)
        return (
            word.replace("/var/lib/esteira", str(self.folder / "state"))
            if word != "/data"
            else str(self.folder / "data")
        )


@contextmanager
def production_stack(
    folder: Path, environment: Mapping[str, str], *, s3_url: str, api_port: int
) -> Iterator[ProductionStack]:
    """Give a stack that is not started yet; leave nothing running."""
    ports = {"5432": free_port(), "6379": free_port(), "8000": api_port, "9181": free_port()}
    stack = ProductionStack(folder=folder, environment=environment, s3_url=s3_url, ports=ports)
    try:
        yield stack
    finally:
        stack.stop()


def read_env(path: Path) -> dict[str, str]:
    """Return what a .env says."""
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return dict(shlex.split(line)[0].split("=", 1) for line in lines)


def seconds_of(duration: str) -> float:
    """Return the seconds of "45s" or "1m"."""
    return float(duration[:-1]) * {"s": 1, "m": 60}[duration[-1]]
