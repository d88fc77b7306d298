"""Uploads: announced to the API, sent to the object store, whole or in parts, processed and followed."""

import mimetypes
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, BinaryIO, TypeAlias
from uuid import uuid4

import httpx

from esteira_client.answers import DocumentStatus, Json
from esteira_client.api import Api, creating, get, post
from esteira_client.document_calls import process
from esteira_client.errors import EsteiraError, error_of_item
from esteira_client.following import DOCUMENT, Waiting
from esteira_client.sources import Source, name_of, sha256_of, source_of
from esteira_client.steps import Flow, Request, Work

File: TypeAlias = str | os.PathLike[str] | BinaryIO
# Both stores' words for a URL that was asked for too long ago: this machine slept, or the line is slow.
_OUTDATED = frozenset({"upload_url_expired", "upload_refused"})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDocument:
    """What is promised of a document. What is None is left to the server."""

    filename: str
    size_bytes: int
    content_type: str | None = None
    checksum_sha256: str | None = None
    external_id: str | None = None
    metadata: Json | None = None
    chunk_tokens: int | None = None
    chunk_overlap: int | None = None
    multipart: bool = False

    def as_json(self) -> Json:
        """Return it as the API takes it."""
        promised = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in promised.items() if value is not None and value is not False}


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleUpload:
    """A document whose bytes go to `url` by one PUT with exactly `headers`."""

    document_id: str
    url: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadInParts:
    """A document whose bytes go to the store in parts, all of `part_size` bytes but the last."""

    document_id: str
    upload_id: str
    part_size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How much of an upload the object store has, or is being sent."""

    document_id: str
    sent_bytes: int
    size_bytes: int


OnProgress: TypeAlias = Callable[[Progress], None]


def announce(
    api: Api, document: NewDocument, *, idempotency_key: str | None = None
) -> Flow[SingleUpload | UploadInParts]:
    """Add a document; return where its bytes go. With the key of an earlier call, that is signed anew."""
    request = creating("/documents/upload/presigned", document.as_json(), key=idempotency_key)
    answer = yield from api.json(request)
    with api.understood():
        return _announced(answer)


def announce_all(
    api: Api, documents: Sequence[NewDocument], *, idempotency_key: str | None = None
) -> Flow[Sequence[SingleUpload | UploadInParts | EsteiraError]]:
    """Add up to 500 documents in one call; return for each where its bytes go, or why not."""
    body = {"documents": [document.as_json() for document in documents]}
    answer = yield from api.json(creating("/documents/upload/presigned/batch", body, key=idempotency_key))
    with api.understood():
        return [error_of_item(item) if "code" in item else _announced(item) for item in answer["items"]]


def open_upload(api: Api, document_id: str) -> Flow[UploadInParts]:
    """Return a document's upload in parts, to go on with it."""
    answer = yield from api.json(get(f"/documents/{document_id}/upload/parts"))
    with api.understood():
        return UploadInParts(document_id=document_id, upload_id=answer["upload_id"], part_size=answer["part_size"])


def send(
    api: Api, upload: SingleUpload | UploadInParts, source: Source, *, on_progress: OnProgress | None = None
) -> Flow[None]:
    """Send the bytes of an announced document; of parts only those that have not arrived."""
    gauge = _Gauge(upload.document_id, source.size_bytes, on_progress)
    if isinstance(upload, UploadInParts):
        yield from _send_parts(api, upload, source, gauge)
    else:
        yield from _put(api, upload.url, upload.headers, _Piece(source, gauge, 0, source.size_bytes))


def upload(
    api: Api,
    file: File,
    *,
    filename: str | None = None,
    content_type: str | None = None,
    external_id: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    chunk_tokens: int | None = None,
    chunk_overlap: int | None = None,
    idempotency_key: str | None = None,
    on_progress: OnProgress | None = None,
) -> Flow[str]:
    """Send a file, in parts if it is large, and return the document's id; nothing is processed yet.

    It is read twice, first for its SHA-256, which the server holds the bytes against. `on_progress` hears of the
    document's id before the first byte is sent: `resume_upload` goes on with one that was broken off.
    """
    source: Source = yield Work(partial(source_of, file))
    name = filename or name_of(file)
    new = NewDocument(
        filename=name,
        size_bytes=source.size_bytes,
        content_type=content_type or mimetypes.guess_type(name)[0],
        checksum_sha256=(yield Work(partial(sha256_of, source))),
        external_id=external_id,
        metadata=metadata,
        chunk_tokens=chunk_tokens,
        chunk_overlap=chunk_overlap,
        multipart=source.size_bytes > api.multipart_above_bytes,
    )
    key = idempotency_key or str(uuid4())
    announced = yield from announce(api, new, idempotency_key=key)
    try:
        yield from _sent_in_time(api, announced, source, on_progress, partial(announce, api, new, idempotency_key=key))
    except EsteiraError as error:
        error.document_id = announced.document_id
        raise
    return announced.document_id


def resume_upload(api: Api, document_id: str, file: File, *, on_progress: OnProgress | None = None) -> Flow[str]:
    """Go on with an upload in parts that was broken off: send what has not arrived. The file must be the same."""
    source: Source = yield Work(partial(source_of, file))
    try:
        open_one = yield from open_upload(api, document_id)
        yield from send(api, open_one, source, on_progress=on_progress)
    except EsteiraError as error:
        error.document_id = document_id
        if error.code != "upload_completed":
            raise
    return document_id


def ingest(
    api: Api,
    file: File,
    *,
    filename: str | None = None,
    content_type: str | None = None,
    external_id: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    chunk_tokens: int | None = None,
    chunk_overlap: int | None = None,
    password: str | None = None,
    callback_url: str | None = None,
    on_progress: OnProgress | None = None,
    on_status: Callable[[DocumentStatus], None] | None = None,
) -> Flow[DocumentStatus]:
    """Upload, process and follow a file to the end; return its last status, which is `failed` for a bad document."""
    document_id = yield from upload(
        api,
        file,
        filename=filename,
        content_type=content_type,
        external_id=external_id,
        metadata=metadata,
        chunk_tokens=chunk_tokens,
        chunk_overlap=chunk_overlap,
        on_progress=on_progress,
    )
    yield from process(api, document_id, password=password, callback_url=callback_url)
    follower = Waiting(api, DOCUMENT, document_id)
    while True:
        status = yield from follower.next()
        if on_status:
            on_status(status)
        if status.is_final:
            return status


def process_all(api: Api, document_ids: Sequence[str]) -> Flow[Sequence[EsteiraError | None]]:
    """Start the processing of up to 500 documents in one call; return why not, for each."""
    answer = yield from api.json(creating("/documents/process", {"document_ids": list(document_ids)}))
    with api.understood():
        return [error_of_item(item) if "code" in item else None for item in answer["items"]]


def abort_upload(api: Api, document_id: str) -> Flow[None]:
    """Give up an upload in parts; what has arrived is dropped."""
    yield from api.sent(Request(method="DELETE", url=f"/api/v1/documents/{document_id}/upload"))


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


def _sent_in_time(
    api: Api,
    announced: SingleUpload | UploadInParts,
    source: Source,
    on_progress: OnProgress | None,
    sign_anew: Callable[[], Flow[SingleUpload | UploadInParts]],
) -> Flow[None]:
    try:
        yield from send(api, announced, source, on_progress=on_progress)
    except EsteiraError as error:
        if error.code not in _OUTDATED:
            raise
        again = yield from sign_anew()
        yield from send(api, again, source, on_progress=on_progress)


def _send_parts(api: Api, upload: UploadInParts, source: Source, gauge: _Gauge) -> Flow[None]:
    path = f"/documents/{upload.document_id}/upload"
    answer = yield from api.json(get(f"{path}/parts", upload_id=upload.upload_id))
    with api.understood():
        arrived = {item["part_number"]: item for item in answer["items"]}
    pieces = parts_of(source.size_bytes, upload.part_size)
    etags: dict[int, str] = {}
    missing = []
    for number, (first, end) in pieces.items():
        if number in arrived and arrived[number]["size_bytes"] == end - first:
            etags[number] = arrived[number]["etag"]
            gauge.done(end - first)
        else:
            missing.append((number, _Piece(source, gauge, first, end)))
    for number, piece in missing:
        etags[number] = yield from _send_part(api, upload, number, piece)
        gauge.done(piece.end - piece.first)
    parts = [{"part_number": number, "etag": etag} for number, etag in sorted(etags.items())]
    complete = post(f"{path}/complete", {"parts": parts})
    try:
        yield from api.sent(replace(complete, params={"upload_id": upload.upload_id}))
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
        if error.code not in _OUTDATED:
            raise
    return (yield from _signed_part(api, upload, number, piece))


def _signed_part(api: Api, upload: UploadInParts, number: int, piece: _Piece) -> Flow[str]:
    where = get(f"/documents/{upload.document_id}/upload/parts/{number}", upload_id=upload.upload_id)
    part = yield from api.json(where)
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
        return (yield from api.sent(request))
    except EsteiraError as error:
        if error.code.startswith("http_"):
            sentence = f"The object store refused the upload: HTTP {error.status}."
            raise EsteiraError("upload_refused", sentence, status=error.status) from error
        raise


def _announced(answer: Json) -> SingleUpload | UploadInParts:
    document_id, upload = answer["document_id"], answer["upload"]
    if upload["method"] == "MULTIPART":
        return UploadInParts(document_id=document_id, upload_id=upload["upload_id"], part_size=upload["part_size"])
    return SingleUpload(document_id=document_id, url=upload["url"], headers=upload["headers"])
