"""Whole roads of a file: uploaded, gone on with, and from the disk to its last status."""

import mimetypes
import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, BinaryIO, TypeAlias
from uuid import uuid4

from esteira_client.announcing import NewDocument, SingleUpload, UploadInParts, announce, open_upload
from esteira_client.answers import DocumentStatus
from esteira_client.api import Api
from esteira_client.document_calls import process
from esteira_client.errors import EsteiraError
from esteira_client.following import DOCUMENT, Waiting
from esteira_client.requests import deleting, path
from esteira_client.sending import OUTDATED, OnProgress, send
from esteira_client.sources import Source, name_of, sha256_of, source_of
from esteira_client.steps import Flow, Work

File: TypeAlias = str | os.PathLike[str] | BinaryIO


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
        checksum_sha256=(yield from sha256_of(source)),
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
    try:
        yield from process(api, document_id, password=password, callback_url=callback_url)
        follower = Waiting(api, DOCUMENT, document_id)
        status = None
        while status is None or not status.is_final:
            status = yield from follower.next(status)
            if on_status:
                on_status(status)
    except EsteiraError as error:
        error.document_id = document_id
        raise
    return status


def abort_upload(api: Api, document_id: str) -> Flow[None]:
    """Give up an upload in parts; what has arrived is dropped."""
    yield from api.sent(deleting(path("documents", document_id, "upload")))


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
        if error.code not in OUTDATED:
            raise
        again = yield from sign_anew()
        yield from send(api, again, source, on_progress=on_progress)
