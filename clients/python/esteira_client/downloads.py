"""Downloads from where the API points to; a broken connection is gone on with where it broke."""

import os
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import httpx

from esteira_client.api import Api
from esteira_client.errors import EsteiraError
from esteira_client.requests import get
from esteira_client.steps import Feed, Flow, Pause, Read, Request, Tell, Work

BREAK_SECONDS = 1.0
# In a row, without a byte between them.
MOST_BREAKS = 5


class Download:
    """The bytes behind an address of the API which answers with a signed URL."""

    def __init__(self, api: Api, request: Request) -> None:
        self._api = api
        self._request = request
        self._is_open = False
        self._received_bytes = 0
        self._breaks = 0
        self._etag: str | None = None

    def next(self) -> Flow[bytes | None]:
        """Return the next bytes, None at the end. Raises EsteiraError, also where the object was changed meanwhile."""
        while True:
            try:
                if not self._is_open:
                    yield from self._open()
                block: bytes | None = yield Read()
            except httpx.TransportError as error:
                self._is_open = False
                self._breaks += 1
                if self._breaks > MOST_BREAKS or (yield Pause(BREAK_SECONDS)):
                    raise _broken() from error
            else:
                self._received_bytes += len(block or b"")
                self._breaks = 0
                return block

    def _open(self) -> Flow[None]:
        """Ask for a fresh URL, and for what is missing."""
        leads = yield from self._api.sent(self._request)
        with self._api.understood():
            url = leads.headers["Location"]
        if urlsplit(url).path.endswith(self._request.url):
            self._api.refuse_detour(leads)
        # What was packed on its way could not be gone on with.
        wanted = {"Accept-Encoding": "identity"}
        if self._received_bytes and self._etag:
            wanted |= {"Range": f"bytes={self._received_bytes}-", "If-Range": self._etag}
        response = yield from self._api.opened(Request(method="GET", url=url, headers=wanted, to_store=True))
        if self._received_bytes and response.status_code != httpx.codes.PARTIAL_CONTENT:
            raise _broken()
        self._etag = self._etag or response.headers.get("ETag")
        self._is_open = True


def blocks_at(api: Api, path: str) -> Feed[bytes]:
    """Tell the bytes behind `path`."""
    download = Download(api, get(path))
    while (block := (yield from download.next())) is not None:
        yield Tell(block)


def saved_at(api: Api, path: str, target: Path) -> Flow[Path]:
    """Write the bytes behind `path` beside `target`, then name them so; return it. Raises EsteiraError, OSError."""
    # A name of its own, so that two downloads to one path do not write into each other's.
    partial_file = target.with_name(f".{target.name[:50]}.{uuid4().hex}.part")
    download = Download(api, get(path))
    try:
        file = yield Work(partial(partial_file.open, "wb"))
        with file:
            while (block := (yield from download.next())) is not None:
                yield Work(partial(file.write, block))
        yield Work(partial(os.replace, partial_file, target))
    finally:
        partial_file.unlink(missing_ok=True)
    return target


def _broken() -> EsteiraError:
    sentence = "The connection broke, and the download could not go on where it was: download it again."
    return EsteiraError("download_broken", sentence)
