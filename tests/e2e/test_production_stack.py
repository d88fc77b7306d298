"""The production stack of docker-compose.yml, started by the documented steps, stopped in the middle, started again."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import redis

from infrastructure.queue.queue_names import QUEUES
from tests.support import ceph_gateway as ceph
from tests.support.blob_store_backends import moto_server
from tests.support.esteira_client import EsteiraClient
from tests.support.production_stack import ProductionStack, free_port, production_stack, read_env
from tests.support.program import ROOT

HANDBOOK = ROOT / "samples" / "documents" / "water-quality-monitoring-handbook.pdf"
# Some hundred passages, so that the stack is stopped while they are worked on.
LEDGER = "".join(
    f"Line {n} of the ledger of the {n * 7919 % 104729}th day, kept well.\n" for n in range(3_000)
).encode()
FIRST = ["postgres", "redis", "seaweedfs", "migrate", "storage-setup"]

pytestmark = pytest.mark.xdist_group("ceph")


@pytest.fixture
def stack(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[ProductionStack]:
    api_port = free_port()
    with s3_server(request) as (url, gateway):
        make_env = [str(ROOT / "scripts" / "make_env.py"), f"http://127.0.0.1:{api_port}", url]
        subprocess.run([sys.executable, *make_env, "--output", str(tmp_path / ".env")], check=True)
        environment = read_env(tmp_path / ".env")
        if gateway:
            gateway.new_user(environment["S3_ACCESS_KEY"], environment["S3_SECRET_KEY"])
        with production_stack(tmp_path, environment, s3_url=url, api_port=api_port) as stack:
            yield stack


@contextmanager
def s3_server(request: pytest.FixtureRequest) -> Iterator[tuple[str, ceph.CephGateway | None]]:
    """Ceph where it is installed, which checks signatures; else moto, which does not."""
    if ceph.missing_programs():
        with moto_server() as url:
            yield url, None
    else:
        gateway: ceph.CephGateway = request.getfixturevalue("ceph_gateway")
        yield gateway.url, gateway


def test_a_document_survives_the_stop_and_start_of_the_production_stack(stack: ProductionStack) -> None:
    code = tree(stack.app)
    stack.up(FIRST)
    key = first_key(stack)
    stack.up()
    with httpx.Client(base_url=stack.environment["ESTEIRA_PUBLIC_URL"], timeout=60, headers=key) as http:
        client = EsteiraClient(http=http)
        stack.wait_for("api", "service_healthy")
        handbook = send(client, HANDBOOK.name, HANDBOOK.read_bytes())
        client.process(handbook)
        assert client.follow(handbook)[-1]["status"] == "completed"
        ledger = send(client, "ledger.txt", LEDGER)
        client.process(ledger)
        client.follow(ledger, until={"processing"})

        ended = stack.stop()

        assert {name: code for name, (code, _) in ended.items() if code != 0 and name != "rq-dashboard"} == {}
        assert max(share for _, share in ended.values()) < 1, ended
        stack.up()
        stack.wait_for("api", "service_healthy")
        assert client.follow(ledger)[-1]["status"] == "completed"
        passage = max(client.chunks(handbook)[2]["text"].split(". "), key=len)
        assert client.search(passage, document_ids=[handbook])[0]["document_id"] == handbook
        content = client.http.get(f"/api/v1/documents/{handbook}/content")
        assert httpx.get(content.headers["Location"]).content == HANDBOOK.read_bytes()
        assert_workers_of_every_queue(stack)
    assert_dashboard(stack)
    assert tree(stack.app) == code


def first_key(stack: ProductionStack) -> dict[str, str]:
    """Make the key without which the API does not start on a public address."""
    for name in ("migrate", "storage-setup"):
        stack.wait_for(name, "service_completed_successfully")
    made = stack.run("api", ["esteira", "keys", "create", "--name", "first", "--scope", "admin"])
    assert made.returncode == 0, made.stderr
    return {"Authorization": f"Bearer {made.stdout.strip()}"}


def send(client: EsteiraClient, name: str, data: bytes) -> str:
    """Upload as a browser does: what belongs to the API goes to the API alone."""
    announced = client.announce(name, data)
    put = announced["upload"]
    answer = httpx.put(put["url"], content=data, headers=put["headers"])
    assert answer.status_code == 200, answer.text
    return str(announced["document_id"])


def assert_workers_of_every_queue(stack: ProductionStack) -> None:
    with redis.Redis.from_url(stack.here_environment(stack.services["api"])["ESTEIRA_REDIS_URL"]) as client:
        assert 0 not in {client.scard(f"rq:workers:{queue}") for queue in QUEUES}
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("appendonly") == {"appendonly": "yes"}


def assert_dashboard(stack: ProductionStack) -> None:
    url = f"http://127.0.0.1:{stack.ports['9181']}/"
    assert httpx.get(url).status_code == 401
    with httpx.Client(auth=("esteira", stack.environment["DASHBOARD_PASSWORD"]), follow_redirects=True) as http:
        queues = http.get(f"{url}0/data/queues.json")
    assert "document_processing" in {queue["name"] for queue in json.loads(queues.text)["queues"]}


def tree(folder: Path) -> dict[str, int]:
    """Return the files in the folder, and when each was changed. Python's own cache may be missing there."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.parent.name != "__pycache__"]
    return {str(path): path.stat().st_mtime_ns for path in files}
