"""The nginx example of docs/operations.md, in a real nginx: events come at once, and signed uploads go through."""

import asyncio
import re
import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from bootstrap.settings import Settings
from bootstrap.storage_setup import run_storage_setup
from tests.support.ceph_gateway import CephGateway, free_port
from tests.support.http_server import running_uvicorn
from tests.support.processes import until
from tests.support.tcp_servers import daemon

GUIDE = Path(__file__).parents[2] / "docs" / "operations.md"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")


@contextmanager
def proxied(folder: Path, *, api: str, store: str) -> Iterator[tuple[str, str]]:
    """Run nginx with the example, without TLS, on free ports; yield the addresses of API and store."""
    (example,) = re.findall(r"```\n(server \{.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    ports = [free_port(), free_port()]
    for port in ports:
        example = example.replace("listen 443 ssl;", f"listen 127.0.0.1:{port};", 1)
    example = example.replace("http://127.0.0.1:8000", api).replace("http://127.0.0.1:8333", store)
    # Its Host is signed, and has the port here.
    example = example.replace("$host", "$http_host")
    paths = "".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"daemon off; worker_processes 1; pid {folder}/pid; events {{}}\nhttp {{ access_log off; {paths}\n{example} }}"
    )
    assert NGINX
    command = [NGINX, "-e", str(folder / "error.log"), "-p", str(folder), "-c", str(configuration)]
    with daemon(command, folder / "nginx.log"):
        until(lambda: all(answers(port) for port in ports), seconds=30)
        yield f"http://127.0.0.1:{ports[0]}", f"http://127.0.0.1:{ports[1]}"


def answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def test_events_are_not_kept_back_and_the_proxy_says_who_asks(tmp_path: Path) -> None:
    read = asyncio.Event()

    async def events(_request: Request) -> Response:
        async def body() -> AsyncIterator[str]:
            yield "event: status\n\n"
            await asyncio.wait_for(read.wait(), 30)
            yield "event: end\n\n"

        return StreamingResponse(body(), media_type="text/event-stream")

    async def was_read(request: Request) -> Response:
        read.set()
        return JSONResponse(dict(request.headers))

    app = Starlette(routes=[Route("/events", events), Route("/read", was_read)])
    with (
        running_uvicorn(app) as api,
        proxied(tmp_path, api=api, store=api) as (url, _),
        httpx.stream("GET", f"{url}/events", timeout=20) as answer,
    ):
        lines = answer.iter_lines()
        first = next(lines)
        seen = httpx.get(f"{url}/read").json()
        rest = [line for line in lines if line]
    assert (first, rest) == ("event: status", ["event: end"])
    assert seen["x-forwarded-proto"] == "http"
    assert seen["x-forwarded-for"] == "127.0.0.1"


@pytest.mark.xdist_group("ceph")
def test_signed_uploads_of_pages_go_through(
    ceph_gateway: CephGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in ceph_gateway.credentials.items():
        monkeypatch.setenv(name, value)
    with proxied(tmp_path, api=ceph_gateway.url, store=ceph_gateway.url) as (_, files):
        settings = Settings(
            _env_file=None,
            s3_bucket=f"proxied-{token_hex(6)}",
            s3_endpoint_url=ceph_gateway.url,
            s3_public_endpoint_url=files,
            cors_origins=("https://app.example",),
        )
        code = run_storage_setup(settings, dry_run=False, skip_public_check=False)
    told = capsys.readouterr().out
    assert code == 0, told
    assert f"{files.removeprefix('http://')} takes uploads" in told
