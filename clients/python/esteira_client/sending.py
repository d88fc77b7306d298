"""Sends the bytes of an announced document to the object store, whole or in parts."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

import httpx

from esteira_client.announcing import SingleUpload, UploadInParts
from esteira_client.api import Api
from esteira_client.errors import STORAGE_UNREACHABLE, EsteiraError
from esteira_client.requests import get, path, post
from esteira_client.sources import Source
from esteira_client.steps import Flow, Request

REFUSED = "upload_refused"
# Both stores' words for a URL that was asked for too long ago: this machine slept, or the line is slow.
OUTDATED = frozenset({"upload_url_expired", REFUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How much of an upload the object store has, or is being sent."""

    document_id: str
    sent_bytes: int
    size_bytes: int


OnProgress: TypeAlias = Callable[[Progress], None]


def send(
    api: Api, upload: SingleUpload | UploadInParts, source: Source, *, on_progress: OnProgress | None = None
) -> Flow[None]:
    """Send the bytes of an announced document; of parts only those that have not arrived."""
    gauge = _Gauge(upload.document_id, source.size_bytes, on_progress)
    if isinstance(upload, UploadInParts):
        yield from _send_parts(api, upload, source, gauge)
    else:
        yield from _put(api, upload.url, upload.headers, _Piece(source, gauge, 0, source.size_bytes))


class _Gauge:
    """Counts what is sent; a part that is sent again counts once."""

    def __init__(self, document_id: str, size_bytes: int, heard: OnProgress | None) -> None:
        self._document_id, self._size_bytes, self._heard = document_id, size_bytes, heard
        self._done = self._current = 0

    def done(self, size_bytes: int) -> None:
        self._done, self._current = self._done + size_bytes, 0

    def begin(self) -> None:
        self._current = 0
        self.add(0)

    def add(self, size_bytes: int) -> None:
        self._current += size_bytes
        if self._heard:
            sent = self._done + self._current
            self._heard(Progress(document_id=self._document_id, sent_bytes=sent, size_bytes=self._size_bytes))


@dataclass(frozen=True, slots=True)
class _Piece:
    """Some bytes of a source, from `first` to before `end`."""

    source: Source
    gauge: _Gauge
    first: int
    end: int

    def body(self) -> Iterator[bytes]:
        self.gauge.begin()
        return self.source.blocks(self.first, self.end)


def _send_parts(api: Api, upload: UploadInParts, source: Source, gauge: _Gauge) -> Flow[None]:
    etags: dict[int, str] = {}
    arrived = yield from _arrived_parts(api, upload)
    missing: dict[int, _Piece] = {}
    for number, (first, end) in parts_of(source.size_bytes, upload.part_size).items():
        size_bytes, etag = arrived.get(number, (-1, ""))
        if size_bytes == end - first:
            etags[number] = etag
            gauge.done(size_bytes)
        else:
            missing[number] = _Piece(source, gauge, first, end)
    for number, piece in missing.items():
        etags[number] = yield from _send_part(api, upload, number, piece)
        gauge.done(piece.end - piece.first)
    yield from _complete(api, upload, etags)


def _arrived_parts(api: Api, upload: UploadInParts) -> Flow[Mapping[int, tuple[int, str]]]:
    """Return the size and the ETag of each part that the store has, by number."""
    answer = yield from api.json(
        get(path("documents", upload.document_id, "upload", "parts"), upload_id=upload.upload_id)
    )
    with api.understood():
        return {item["part_number"]: (item["size_bytes"], item["etag"]) for item in answer["items"]}


def _complete(api: Api, upload: UploadInParts, etags: Mapping[int, str]) -> Flow[None]:
    """Let the store put the parts together."""
    parts = [{"part_number": number, "etag": etag} for number, etag in sorted(etags.items())]
    request = post(path("documents", upload.document_id, "upload", "complete"), {"parts": parts})
    try:
        yield from api.sent(replace(request, params={"upload_id": upload.upload_id}))
    except EsteiraError as error:
        # An answer to the same call was lost.
        if error.code != "upload_completed":
            raise


def parts_of(size_bytes: int, part_size: int) -> Mapping[int, tuple[int, int]]:
    """Return where each part begins and ends, by number; no bytes are one part without bytes."""
    firsts = range(0, max(1, size_bytes), part_size)
    return {number: (first, min(first + part_size, size_bytes)) for number, first in enumerate(firsts, 1)}


def _send_part(api: Api, upload: UploadInParts, number: int, piece: _Piece) -> Flow[str]:
    try:
        return (yield from _signed_part(api, upload, number, piece))
    except EsteiraError as error:
        if error.code not in OUTDATED:
            raise
    return (yield from _signed_part(api, upload, number, piece))


def _signed_part(api: Api, upload: UploadInParts, number: int, piece: _Piece) -> Flow[str]:
    where = path("documents", upload.document_id, "upload", "parts", number)
    part = yield from api.json(get(where, upload_id=upload.upload_id))
    with api.understood():
        url, headers = part["url"], part["headers"]
    response = yield from _put(api, url, headers, piece)
    with api.understood():
        return str(response.headers["ETag"])


def _put(api: Api, url: str, headers: Mapping[str, str], piece: _Piece) -> Flow[httpx.Response]:
    """Send bytes with exactly the signed headers and their length, never in chunks of unknown number."""
    whole = {**headers, "Content-Length": str(piece.end - piece.first)}
    request = Request(method="PUT", url=url, headers=whole, body=piece.body, sent=piece.gauge.add, to_store=True)
    try:
        response = yield from api.sent(request)
    except EsteiraError as error:
        if error.code.startswith("http_"):
            code = STORAGE_UNREACHABLE if error.is_outage else REFUSED
            raise EsteiraError(code, _refusal(error.status), status=error.status) from error
        raise
    if not response.is_success:  # a redirection: nothing has arrived
        raise EsteiraError(REFUSED, _refusal(response.status_code), status=response.status_code)
    return response


def _refusal(status: int | None) -> str:
    return f"The object store refused the upload: HTTP {status}."
