"""Tries a running server from outside: `python scripts/smoke.py [--quick] URL`.

It uploads a small document, follows and finds it, runs an operation, makes an artifact, and deletes the document. Needs
httpx and nothing else. Exit code 0: all of it works; 1: something does not, and what; 2: wrong usage.
"""

import argparse
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

POLL_SECONDS = 5.0
QUICK_POLL_SECONDS = 0.5
# After this a queue that nobody serves is told, before patience is over: workers take some seconds to start.
NOBODY_SECONDS = 60.0
QUICK_NOBODY_SECONDS = 20.0
CALL_SECONDS = 30.0
FINAL = {"completed", "failed", "cancelled"}
WIDTH = 10

Json = dict[str, Any]


class SmokeError(Exception):
    """Something does not work; the text says what, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Printer:
    """Writes a line for each step, in colour on a terminal."""

    in_colour: bool

    def step(self, name: str, told: str, *, seconds: float) -> None:
        """Tell what works."""
        print(f"{self._mark('ok', '32')}{name:<{WIDTH}} {told} ({seconds:.1f} s)", flush=True)

    def failure(self, name: str, told: str) -> None:
        """Tell what does not."""
        print(f"{self._mark('failed', '31')}{name:<{WIDTH}} {told}", flush=True)

    def end(self, told: str, *, is_good: bool) -> None:
        """Tell the sum."""
        print(self._mark(told, "32" if is_good else "31", width=0), flush=True)

    def _mark(self, text: str, colour: str, *, width: int = 8) -> str:
        shown = f"\x1b[1;{colour}m{text}\x1b[0m" if self.in_colour else text
        return shown + " " * max(0, width - len(text))


@dataclass(slots=True, kw_only=True)
class Smoke:
    """The steps, in order; `made` are the documents to delete."""

    http: httpx.Client
    outside: httpx.Client
    printer: Printer
    poll_seconds: float
    nobody_seconds: float
    patience_seconds: float
    seconds_of_operation: int
    word: str = field(default_factory=lambda: f"smoke{secrets.token_hex(6)}")
    made: list[str] = field(default_factory=list)
    failures: int = 0

    def __call__(self) -> bool:
        """Run all steps; without health no other is tried."""
        if self._tried("health", self._health):
            if self._tried("upload", self._upload) and self._tried("process", self._process):
                self._tried("search", self._search)
            self._tried("operation", self._operation)
            self._tried("artifact", self._artifact)
            if self.made:
                self._tried("delete", self._delete)
        return self.failures == 0

    def _tried(self, name: str, step: Callable[[], str]) -> bool:
        began = time.monotonic()
        try:
            told = step()
        except SmokeError as error:
            self.failures += 1
            self.printer.failure(name, str(error))
            return False
        self.printer.step(name, told, seconds=time.monotonic() - began)
        return True

    def _health(self) -> str:
        self.ask("GET", "/api/health", wanted=200)
        self.ask("GET", "/api/v1/documents?limit=1", wanted=200)
        return "the server answers, and lets us in"

    def _upload(self) -> str:
        content = f"# Smoke test\n\nThe word of this document is {self.word}.\n".encode()
        body = {"filename": "smoke-test.md", "size_bytes": len(content), "metadata": {"smoke_test": True}}
        announced = self.ask("POST", "/api/v1/documents/upload/presigned", json=body, wanted=201)
        self.made.append(announced["document_id"])
        upload = announced["upload"]
        with reached(upload["url"]):
            answer = self.outside.put(upload["url"], content=content, headers=upload["headers"])
        require(answer, 200)
        return f"{len(content)} bytes to {urlsplit(upload['url']).netloc}"

    def _process(self) -> str:
        path = f"/api/v1/documents/{self.made[0]}"
        self.ask("POST", f"{path}/process", wanted=202)
        status = self.follow(f"{path}/status", queue="document_processing")
        return f"{status['chunks']['done']} passage, in attempt {status['attempt']}"

    def _search(self) -> str:
        found = self.ask("POST", "/api/v1/search", json={"query": self.word, "limit": 5}, wanted=200)
        if self.made[0] not in [result["document_id"] for result in found["results"]]:
            raise SmokeError("The document is completed, but a search for a word of it does not find it.")
        return f"found in {found['took_ms']} ms"

    def _operation(self) -> str:
        body = {"duration_seconds": self.seconds_of_operation}
        started = self.ask("POST", "/api/v1/operations/simulate/start", json=body, wanted=202)
        path = f"/api/v1/operations/simulate/result/{started['job_id']}"
        status = self.follow(path, queue="long_operations")
        return f"{status['execution_time_seconds']} s of work"

    def _artifact(self) -> str:
        body = {"kind": "xlsx", "report": "inventory"}
        started = self.ask("POST", "/api/v1/artifacts", json=body, wanted=202)
        path = f"/api/v1/jobs/{started['job_id']}/status"
        self.follow(path, queue="artifacts")
        download = f"/api/v1/artifacts/{started['job_id']}/download"
        with reached(str(self.http.base_url)):
            answer = self.http.get(download)
        require(answer, 307)
        url = answer.headers["Location"]
        with reached(url):
            file = self.outside.get(url)
        require(file, 200)
        if not file.content.startswith(b"PK"):
            raise SmokeError("What was downloaded is no spreadsheet.")
        return f"{len(file.content)} bytes from {urlsplit(url).netloc}"

    def _delete(self) -> str:
        for document_id in self.made:
            self.ask("DELETE", f"/api/v1/documents/{document_id}", wanted=200)
        return "the document is gone"

    def follow(self, path: str, *, queue: str) -> Json:
        """Ask until the work has ended. Raises where it failed, or where nobody does it."""
        began = time.monotonic()
        while True:
            status = self.ask("GET", path, wanted=200)
            if status["status"] in FINAL:
                break
            waited = time.monotonic() - began
            if status["status"] == "pending" and waited > self.nobody_seconds and self._is_unserved(queue):
                raise SmokeError(
                    f"No worker serves the queue {queue}: start one by `python worker.py --queue {queue}`, or one for"
                    " each queue by `python worker.py --all`."
                )
            if waited > self.patience_seconds:
                raise SmokeError(
                    f"After {waited:.0f} s it is {status['status']} still ({status['message']}). Are there enough"
                    f" workers for the queue {queue}? Wait longer by --patience."
                )
            time.sleep(self.poll_seconds)
        if status["status"] != "completed":
            raise SmokeError(f"It ended as {status['status']}: {_reason(status)}")
        return status

    def ask(self, method: str, path: str, *, wanted: int, json: Json | None = None) -> Json:
        """Return the JSON of an answer."""
        with reached(str(self.http.base_url)):
            answer = self.http.request(method, path, json=json)
        require(answer, wanted)
        try:
            told = answer.json()
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise SmokeError(f"{method} {path} answers, but not as Esteira does: is this the right address?")
        return told

    def _is_unserved(self, queue: str) -> bool:
        """Look whether the queue has workers; a key that may not look knows no better than to wait."""
        with reached(str(self.http.base_url)):
            answer = self.http.get("/api/v1/queue/info")
        return bool(answer.is_success and answer.json()["queues"].get(queue, {}).get("workers", 0) == 0)


@contextmanager
def reached(url: str) -> Iterator[None]:
    """Say in words that a server is not there."""
    place = urlsplit(url).netloc
    try:
        yield
    except httpx.TimeoutException as error:
        raise SmokeError(f"{place} does not answer within {CALL_SECONDS:.0f} s.") from error
    except httpx.TransportError as error:
        raise SmokeError(f"There is no server at {place}: start it, or correct the address. ({error})") from error


def require(answer: httpx.Response, wanted: int) -> None:
    """Say in words what is wrong with an answer."""
    if answer.status_code == wanted:
        return
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        raise SmokeError("The server needs an API key, or does not know this one: send one by --api-key.")
    try:
        problem = answer.json()
        told = f"{problem['code']}: {problem['detail']}"
        if problem["code"] == "not_found":
            told += " Is this the right address?"
    except (ValueError, KeyError, TypeError):
        told = "not as Esteira answers. Is this the right address?"
    place = f"{answer.request.method} {answer.request.url.path}"
    raise SmokeError(f"{place} answers {answer.status_code}, {told}")


def _reason(status: Json) -> str:
    errors = [status.get("error"), *(action.get("error") for action in status.get("actions", ()))]
    found = next((error for error in errors if error), None)
    return str(found["message"] if isinstance(found, dict) else found or "it says no reason")


def address(text: str) -> str:
    """Return the address of a server."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise argparse.ArgumentTypeError("send an address such as http://localhost:8000")
    return text.rstrip("/")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Tries a running Esteira from outside.")
    parser.add_argument("url", type=address, help="such as http://localhost:8000")
    parser.add_argument("--quick", action="store_true", help="ask more often, and take a shorter operation")
    parser.add_argument("--api-key", default=os.environ.get("ESTEIRA_API_KEY"), help="else ESTEIRA_API_KEY is taken")
    parser.add_argument("--patience", type=float, default=180.0, help="seconds to wait for each job (180)")
    return parser.parse_args()


def main() -> int:
    """Return the exit code."""
    asked = arguments()
    printer = Printer(in_colour=sys.stdout.isatty() and not os.environ.get("NO_COLOR"))
    headers = {"Authorization": f"Bearer {asked.api_key}"} if asked.api_key else {}
    # The key is for the server alone, not for where it sends us.
    with (
        httpx.Client(base_url=asked.url, headers=headers, timeout=CALL_SECONDS) as http,
        httpx.Client(timeout=CALL_SECONDS) as outside,
    ):
        is_good = Smoke(
            http=http,
            outside=outside,
            printer=printer,
            poll_seconds=QUICK_POLL_SECONDS if asked.quick else POLL_SECONDS,
            nobody_seconds=QUICK_NOBODY_SECONDS if asked.quick else NOBODY_SECONDS,
            patience_seconds=asked.patience,
            seconds_of_operation=1 if asked.quick else 10,
        )()
    printer.end("All of it works." if is_good else "Something does not work.", is_good=is_good)
    return 0 if is_good else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
