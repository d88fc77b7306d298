"""Measure a whole stack from outside: latency of the API, start-up and memory of the worker, speed of ingestion.

Usage: .venv/bin/python scripts/bench_service.py [--calls 300] [PATH…]. PATHs are ingested; the samples by default.
It prints what it measured and asserts nothing. Memory is read from /proc, so on Linux only.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent
MEBIBYTE_KIB = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A running stack: where it is, its document worker, and how long it took to be ready."""

    url: str
    data_dir: Path
    worker_pid: int
    api_seconds: float
    worker_seconds: float


def main() -> int:
    """Measure and print; return the exit code."""
    options = parse_options()
    with tempfile.TemporaryDirectory() as folder, running_stack(Path(folder)) as stack:
        print(
            f"API ready after {stack.api_seconds:.1f} s; worker process ready {stack.worker_seconds:.1f} s after start"
        )
        measure_api(stack, calls=options.calls)
        measure_ingestion(stack, options.paths or [str(ROOT / "samples" / "documents")])
    return 0


def parse_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=300, help="of each kind")
    parser.add_argument("paths", nargs="*", help="files and folders to ingest")
    return parser.parse_args()


@contextmanager
def running_stack(folder: Path) -> Iterator[Stack]:
    """Start `esteira dev` on a free port and data of its own."""
    log = (folder / "log").open("w+")
    environment = {**os.environ, "ESTEIRA_DATA_DIR": str(folder / "data"), "ESTEIRA_PORT": "0"}
    started = time.monotonic()
    command = [sys.executable, "-m", "bootstrap.command", "dev"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert process.stdout  # noqa: S101 - it was asked for
        url = re.findall(r"http://\S+", process.stdout.readline())[0]
        while httpx.get(f"{url}/api/ready").status_code != httpx.codes.OK:
            time.sleep(0.01)
        api_seconds = time.monotonic() - started
        pid = wait_for_worker(folder / "log")
        yield Stack(
            url=url,
            data_dir=folder / "data",
            worker_pid=pid,
            api_seconds=api_seconds,
            worker_seconds=time.time() - started_at(pid),
        )
    finally:
        process.terminate()
        process.wait()
        log.close()


def wait_for_worker(log: Path) -> int:
    """Return the pid of the document worker once its log says that it is ready."""
    while not (ready := re.search(r"worker\W+document_processing-\S+-(\d+)", log.read_text())):
        time.sleep(0.01)
    return int(ready[1])


def started_at(pid: int) -> float:
    """Return when a process was started, in seconds since 1970."""
    ticks = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19])
    booted = time.time() - float(Path("/proc/uptime").read_text().split()[0])
    return booted + ticks / os.sysconf("SC_CLK_TCK")


def measure_api(stack: Stack, *, calls: int) -> None:
    """Print median and 99th percentile of presign, process, status and a status that has not changed."""
    content = b"# A document\n\nOf two lines."
    body = {"filename": "note.md", "size_bytes": len(content), "content_type": "text/markdown"}
    with httpx.Client(base_url=f"{stack.url}/api/v1/documents", timeout=60) as api:
        presigned = []
        print_latency("presign", calls, lambda: presigned.append(api.post("/upload/presigned", json=body).json()))
        for answer in presigned:
            httpx.put(answer["upload"]["url"], content=content, headers=answer["upload"]["headers"]).raise_for_status()
        ids = iter([answer["document_id"] for answer in presigned])
        print_latency("process", calls, lambda: api.post(f"/{next(ids)}/process").raise_for_status())
        status = f"/{presigned[-1]['document_id']}/status"
        print_latency("status", calls, lambda: api.get(status).raise_for_status())
        started = time.monotonic()
        while api.get(status, params={"wait": 25}).json()["status"] != "completed":
            pass
        print(f"{calls} documents of one chunk done {time.monotonic() - started:.1f} s after the last was enqueued")
        etag = {"If-None-Match": api.get(status).headers["ETag"]}
        print_latency("status, not changed (304)", calls, lambda: api.get(status, headers=etag))


def print_latency(name: str, calls: int, call: Callable[[], object]) -> None:
    """Time calls one after the other over one connection."""
    milliseconds = []
    for _ in range(calls):
        started = time.perf_counter()
        call()
        milliseconds.append((time.perf_counter() - started) * 1000)
    p99 = statistics.quantiles(milliseconds, n=100)[98]
    print(f"{name:<26} median {statistics.median(milliseconds):6.1f} ms   99th percentile {p99:6.1f} ms")


def measure_ingestion(stack: Stack, paths: list[str]) -> None:
    """Ingest by the command, and print what it says with the worker's peak memory."""
    command = [sys.executable, "-m", "bootstrap.command", "ingest", "--server", stack.url, "--json", *paths]
    started = time.monotonic()
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - started
    report = json.loads(finished.stdout)
    print(json.dumps({key: value for key, value in report.items() if key != "files"}, indent=2))
    peak = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{stack.worker_pid}/status").read_text())
    if peak:
        print(f"{seconds:.1f} s in all; worker's peak memory {int(peak[1]) / MEBIBYTE_KIB:.0f} MiB")


if __name__ == "__main__":
    sys.exit(main())
