"""Measures polling: how often a second one API process says that nothing has changed, and a page that watches many.

Beside it, in turn, a bare async endpoint of the same framework on the same server, asked in the same way.
`--clients N --seconds N --runs N`.
"""

import argparse
import asyncio
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
from bench_streams import an_api

from domain.document import Document
from domain.ids import DEFAULT_TENANT, DocumentId, new_uuid7
from domain.job import new_index_job
from infrastructure.embedded.stack import EmbeddedStack
from infrastructure.postgres.engine import make_engine
from infrastructure.postgres.migrate import migrate
from infrastructure.postgres.unit_of_work import PostgresUnitOfWork

WATCHED = 500
POLL_SECONDS = 1.0
WATCH_SECONDS = 20
BARE = """
import sys, uvicorn
from fastapi import FastAPI
from starlette.responses import Response
app = FastAPI()
@app.get("/documents/{document_id}/status")
async def status(document_id: str) -> Response:
    return Response(status_code=304, headers={"ETag": 'W/"1"'})
uvicorn.run(app, port=int(sys.argv[1]), log_config=None, access_log=False)
"""


def add_documents(database_url: str, count: int) -> list[DocumentId]:
    """Store documents that wait, which no worker takes."""
    engine = make_engine(database_url, application_name="bench")
    migrate(engine)
    with PostgresUnitOfWork(engine) as transaction:
        now = transaction.now()
        document_ids = [DocumentId(new_uuid7()) for _ in range(count)]
        for document_id in document_ids:
            document = Document(
                id=document_id,
                tenant_id=DEFAULT_TENANT,
                filename="report.pdf",
                content_type="application/pdf",
                size_bytes=1,
                checksum_sha256=None,
                external_id=None,
                metadata={},
                chunk_tokens=256,
                chunk_overlap=32,
                created_at=now,
            )
            transaction.documents.add(document)
            job = new_index_job(document_id=document_id, tenant_id=DEFAULT_TENANT, etag="1", max_attempts=4, now=now)
            transaction.jobs.add(job)
            transaction.documents.assign_job(document_id, job.id)
        transaction.commit()
    return document_ids


@contextmanager
def a_bare_endpoint(port: int) -> Iterator[None]:
    """Run the endpoint that the other is compared to."""
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            sys.exit(f"port {port} is taken, which the bare endpoint needs: name another by --port")
    process = subprocess.Popen([sys.executable, "-c", BARE, str(port)])
    try:
        while process.poll() is None:
            try:
                httpx.get(f"http://127.0.0.1:{port}/documents/1/status")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        else:
            sys.exit(f"the bare endpoint has ended with {process.returncode}, and says above why")
        yield
    finally:
        process.terminate()
        process.wait()


async def rate(port: int, requests: list[bytes], *, clients: int, seconds: float) -> float:
    """Return how many answers a second `clients` get that ask one question after the other."""
    ends_at = time.monotonic() + seconds

    async def ask(number: int) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        answers = 0
        while time.monotonic() < ends_at:
            writer.write(requests[(number + answers * clients) % len(requests)])
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 304"):
                sys.exit(f"another answer than 304: {head!r}")
            answers += 1
        writer.close()
        return answers

    return sum(await asyncio.gather(*(ask(number) for number in range(clients)))) / seconds


def etags(api_url: str, document_ids: list[DocumentId]) -> Mapping[DocumentId, str]:
    """Return what each document's status has now."""
    with httpx.Client(base_url=api_url) as http:
        return {each: http.get(f"/api/v1/documents/{each}/status").headers["ETag"] for each in document_ids}


def request(path: str, etag: str) -> bytes:
    """Return a poll as it goes over the wire."""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: {etag}\r\n\r\n".encode()


def compare(port: int, document_ids: list[DocumentId], *, clients: int, seconds: float, runs: int) -> None:
    """Print the rates of paired runs and their ratio."""
    tags = etags(f"http://127.0.0.1:{port}", document_ids)
    ours = [request(f"/api/v1/documents/{each}/status", tags[each]) for each in document_ids]
    bare = [request(f"/documents/{each}/status", 'W/"1"') for each in document_ids]
    ratios = []
    print(f"{clients} clients{'ours, 304 a second':>26}{'bare endpoint':>16}{'ratio':>8}")
    for run in range(runs):
        bare_rate = asyncio.run(rate(port + 1, bare, clients=clients, seconds=seconds))
        our_rate = asyncio.run(rate(port, ours, clients=clients, seconds=seconds))
        ratios.append(our_rate / bare_rate)
        print(f"run {run + 1:<9}{our_rate:>22.0f}{bare_rate:>16.0f}{ratios[-1]:>8.2f}", flush=True)
    print(f"median ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


def watch(api_url: str, process: psutil.Process, document_ids: list[DocumentId]) -> None:
    """Print what it costs that a page watches many documents with one request a second."""
    ids = ",".join(str(each) for each in document_ids)
    milliseconds, etag = [], ""
    before = process.cpu_times()
    with httpx.Client(base_url=api_url) as http:
        for _ in range(WATCH_SECONDS):
            began_at = time.perf_counter()
            answer = http.get("/api/v1/documents/status", params={"ids": ids}, headers={"If-None-Match": etag})
            milliseconds.append((time.perf_counter() - began_at) * 1000)
            etag = answer.headers["ETag"]
            time.sleep(max(0.0, POLL_SECONDS - milliseconds[-1] / 1000))
    after = process.cpu_times()
    share = (after.user + after.system - before.user - before.system) / WATCH_SECONDS
    print(
        f"{len(document_ids)} documents watched with one request a second: the first {milliseconds[0]:.0f} ms, "
        f"then 304 in {statistics.median(milliseconds[1:]):.1f} ms (median), {share:.1%} of a core"
    )


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--port", type=int, default=8397)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, EmbeddedStack.own(Path(folder)) as stack:
        document_ids = add_documents(str(stack.addresses.database_url), WATCHED)
        with an_api(stack, Path(folder), options.port) as api, a_bare_endpoint(options.port + 1):
            compare(options.port, document_ids, clients=options.clients, seconds=options.seconds, runs=options.runs)
            watch(f"http://127.0.0.1:{options.port}", api, document_ids)


if __name__ == "__main__":
    main()
