"""The Python client against servers, files and people that misbehave, over real HTTP."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from esteira_client import AsyncEsteira, Esteira, EsteiraError, Patience
from tests.support.both_clients import opened
from tests.support.program import ROOT
from tests.support.raw_http import Asked, http, raw_server

PATIENCE_SECONDS = 60.0
HASTY = Patience(error=0.1, before_first_answer=0.1, outage=0.1)
PART_BYTES = 1 << 20
CONTENT = b"".join(b"%015d\n" % number for number in range(3 * PART_BYTES // 16))
STATUS = {"document_id": "d", "status": "processing", "progress": 40, "message": "Reading"}
EXPIRED = json.dumps({"code": "upload_url_expired", "detail": "It is too late.", "status": 403}).encode()
both = pytest.mark.parametrize("form", ["sync", "async"])
DOWNLOAD = """
import sys
from esteira_client import Esteira
with Esteira(sys.argv[1]) as client:
    client.content("d", sys.argv[2])
"""
DOWNLOAD_IN_LOOP = """
import asyncio, sys
from esteira_client import AsyncEsteira
async def main():
    async with AsyncEsteira(sys.argv[1]) as client:
        await client.content("d", sys.argv[2])
asyncio.run(main())
"""


def answered(body: Any, **headers: str) -> list[bytes]:  # noqa: ANN401
    return http("200 OK", json.dumps(body).encode(), **headers)


@dataclass
class Server:
    """An API and its store in one. `trouble` may answer in their place, by the method and the number of its kind."""

    trouble: Callable[[Asked, int], Iterable[bytes] | None] = lambda *_: None
    stored: dict[str, bytes] = field(default_factory=dict)
    announced: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    url: str = ""

    def __call__(self, asked: Asked) -> Iterable[bytes]:
        place = f"{asked.method} {asked.target.partition('?')[0].removeprefix('/api/v1')}"
        self.counts[place] = self.counts.get(place, 0) + 1
        troubled = self.trouble(asked, self.counts[place])
        return self._answer(place, asked) if troubled is None else troubled

    def _answer(self, place: str, asked: Asked) -> Iterable[bytes]:
        body = b"".join(asked.body)
        match place.split("/"):
            case ["PUT ", "store", name]:
                self.stored[name] = body
                return http("200 OK", ETag=f'"{name}"')
            case ["GET ", "store", _]:
                return self._stored(asked)
            case ["POST ", "documents", "upload", "presigned"]:
                return answered({"document_id": "d", "upload": self._upload(json.loads(body))})
            case ["GET ", *_, "upload", "parts"]:
                return answered({"items": []})
            case ["GET ", *_, "parts", number]:
                return answered({"url": f"{self.url}/store/{number}", "headers": {}})
            case ["GET ", *_, "content"]:
                return http("307 Temporary Redirect", Location=f"{self.url}/store/x")
        return answered({**STATUS, "document_id": place.split("/")[-2]})

    def _upload(self, new: dict[str, Any]) -> dict[str, Any]:
        self.announced.append(new)
        if new.get("multipart"):
            return {"method": "MULTIPART", "upload_id": "u", "part_size": PART_BYTES}
        return {"method": "PUT", "url": f"{self.url}/store/x", "headers": {}}

    def _stored(self, asked: Asked) -> list[bytes]:
        first = int(asked.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        return http("206 Partial Content" if first else "200 OK", CONTENT[first:], ETag='"c"')


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    with raw_server(server) as server.url:
        yield server


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file.txt"
    path.write_bytes(CONTENT)
    return path


def cut(answer: list[bytes]) -> list[bytes]:
    """Leave away the second half."""
    whole = b"".join(answer)
    return [whole[: len(whole) // 2]]


@both
def test_an_answer_that_breaks_off_is_asked_for_again(form: str, server: Server) -> None:
    server.trouble = lambda _, count: cut(answered(STATUS)) if count == 1 else None
    with opened(form, server.url) as client:
        assert client.status("d").progress == 40


@both
def test_bytes_that_the_store_hung_up_on_are_sent_again_whole(form: str, server: Server, file: Path) -> None:
    def hang_up(asked: Asked, count: int) -> list[bytes] | None:
        return [next(asked.body)[:0]] if asked.method == "PUT" and count == 1 else None

    server.trouble = hang_up
    with opened(form, server.url) as client:
        client.upload(file)
    assert server.stored == {"x": CONTENT}


@both
def test_a_download_that_breaks_off_goes_on(form: str, server: Server, tmp_path: Path) -> None:
    asked_for: list[str | None] = []

    def hang_up(asked: Asked, count: int) -> list[bytes] | None:
        if not asked.target.startswith("/store/"):
            return None
        asked_for.append(asked.headers["Range"])
        return [b"".join(server._stored(asked))[: 1 << 19]] if count < 3 else None  # noqa: SLF001

    server.trouble = hang_up
    with opened(form, server.url) as client:
        target = client.content("d", tmp_path / "copy.txt")
    assert target.read_bytes() == CONTENT
    assert (len(asked_for), asked_for[0], None in asked_for[1:]) == (3, None, False)


@both
def test_a_page_that_tells_of_an_error_is_no_problem_document(form: str, server: Server) -> None:
    server.trouble = lambda *_: http("500 Internal Server Error", b"<html>Oops", Content_Type="text/html")
    with opened(form, server.url, patience=HASTY) as client, pytest.raises(EsteiraError) as caught:
        client.status("d")
    assert (caught.value.code, caught.value.status) == ("http_500", 500)
    assert "answered HTTP 500" in caught.value.detail


@both
def test_what_is_packed_wrongly_is_no_answer(form: str, server: Server) -> None:
    server.trouble = lambda *_: http("200 OK", b"not packed", Content_Encoding="gzip")
    with opened(form, server.url) as client, pytest.raises(EsteiraError) as caught:
        client.status("d")
    assert caught.value.code == "unexpected_answer"


@both
def test_who_is_led_in_circles_leaves(form: str, server: Server, tmp_path: Path) -> None:
    server.trouble = lambda asked, _: http("307 Temporary Redirect", Location=server.url + asked.target)
    with opened(form, server.url, api_key="est_key") as client:
        for call in (lambda: client.status("d"), lambda: client.content("d", tmp_path / "x"), client.documents):
            with pytest.raises(EsteiraError) as caught:
                call()
            assert (caught.value.code, caught.value.status) == ("unexpected_answer", 307)
    assert not list(tmp_path.iterdir())


@both
@pytest.mark.parametrize("by_date", [False, True], ids=["seconds", "date"])
def test_who_asks_too_often_waits_as_long_as_the_server_says(form: str, server: Server, *, by_date: bool) -> None:
    def too_often(_: Asked, count: int) -> list[bytes] | None:
        later = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
        times.append(datetime.now(UTC))
        return http("429 Too Many Requests", Retry_After=later if by_date else "1") if count == 1 else None

    times: list[datetime] = []
    server.trouble = too_often
    with opened(form, server.url) as client:
        assert client.status("d").progress == 40
    assert (times[1] - times[0]).total_seconds() > 0.9


@both
def test_who_will_not_wait_that_long_is_told_how_long(form: str, server: Server) -> None:
    server.trouble = lambda *_: http("429 Too Many Requests", Retry_After="300")
    with opened(form, server.url) as client, pytest.raises(EsteiraError) as caught:
        client.status("d")
    assert (caught.value.status, caught.value.retry_after, caught.value.is_outage) == (429, 300.0, True)


@both
def test_an_upload_url_that_has_expired_is_signed_anew(form: str, server: Server, file: Path) -> None:
    def too_late(asked: Asked, count: int) -> list[bytes] | None:
        if asked.method != "PUT" or count > 1:
            return None
        list(asked.body)
        return http("403 Forbidden", EXPIRED)

    server.trouble = too_late
    with opened(form, server.url) as client:
        client.upload(file)
    assert (server.stored, len(server.announced)) == ({"x": CONTENT}, 2)
    assert server.announced[0] == server.announced[1]


def write_more(file: Path) -> None:
    with file.open("ab") as more:
        more.write(b"more")


@both
@pytest.mark.parametrize("meanwhile", [write_more, Path.unlink], ids=["is written to", "vanishes"])
def test_a_file_that_does_not_stay_is_told_of(
    form: str, server: Server, file: Path, meanwhile: Callable[[Path], None]
) -> None:
    def then(asked: Asked, count: int) -> None:
        if asked.method == "PUT" and asked.target == "/store/1" and count == 1:
            meanwhile(file)

    server.trouble = then
    with opened(form, server.url, multipart_above_bytes=1) as client, pytest.raises(EsteiraError) as caught:
        client.upload(file)
    assert (caught.value.code, caught.value.document_id) == ("file_changed", "d")


@both
@pytest.mark.parametrize("name", ["empty.txt", 'a "b"; c=d\n.txt', "ação 日本.txt", os.fsdecode(b"\xff\xfe.txt")])
def test_an_empty_file_of_any_name_is_sent(form: str, server: Server, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.touch()
    with opened(form, server.url) as client:
        client.upload(path)
    assert server.stored == {"x": b""}
    assert server.announced[0]["filename"] == name.encode("utf-8", "replace").decode()


@both
def test_ids_may_have_any_characters(form: str, server: Server) -> None:
    with opened(form, server.url) as client:
        client.status("a/b?c=d#e %")
    assert list(server.counts) == ["GET /documents/a%2Fb%3Fc%3Dd%23e%20%25/status"]


@both
@pytest.mark.parametrize(("scheme", "key"), [("", None), ("http://", "est_secret\n")], ids=["no scheme", "line break"])
def test_what_cannot_be_sent_is_told_without_the_key(form: str, server: Server, scheme: str, key: str | None) -> None:
    address = server.url.replace("http://127.0.0.1", f"{scheme}localhost")
    with opened(form, address, api_key=key) as client, pytest.raises(EsteiraError) as caught:
        client.status("d")
    assert caught.value.code == "not_sent"
    assert "est_secret" not in str(caught.value)


@pytest.mark.parametrize("program", [DOWNLOAD, DOWNLOAD_IN_LOOP], ids=["sync", "async"])
def test_who_is_interrupted_leaves_no_file(server: Server, tmp_path: Path, program: str) -> None:
    is_under_way, end = threading.Event(), threading.Event()

    def stall(asked: Asked, _: int) -> Iterator[bytes] | None:
        return stalling() if asked.target.startswith("/store/") else None

    def stalling() -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n" + CONTENT
        is_under_way.set()
        end.wait(PATIENCE_SECONDS)

    server.trouble = stall
    path = os.pathsep.join([str(ROOT), str(ROOT / "clients" / "python")])
    process = subprocess.Popen(
        [sys.executable, "-c", program, server.url, str(tmp_path / "copy.txt")],
        env={**os.environ, "PYTHONPATH": path},
        stderr=subprocess.PIPE,
    )
    try:
        assert is_under_way.wait(PATIENCE_SECONDS)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE_SECONDS)
    finally:
        process.kill()
        process.wait()
        end.set()
    assert said.rstrip().endswith(b"KeyboardInterrupt")
    assert list(tmp_path.iterdir()) == []


def test_threads_share_a_client(server: Server, file: Path) -> None:
    ids = [f"{number}" for number in range(200)]
    with Esteira(server.url) as client, ThreadPoolExecutor(16) as threads:
        uploads = [threads.submit(client.upload, file) for _ in range(8)]
        assert [status.document_id for status in threads.map(client.status, ids)] == ids
        assert {upload.result() for upload in uploads} == {"d"}


def test_a_thousand_tasks_share_a_client(server: Server) -> None:
    ids = [f"{number}" for number in range(1000)]

    async def asked() -> list[str]:
        async with AsyncEsteira(server.url) as client:
            return [status.document_id for status in await asyncio.gather(*map(client.status, ids))]

    assert asyncio.run(asked()) == ids
