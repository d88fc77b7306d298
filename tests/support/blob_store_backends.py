"""The stores that the contract suite runs on, each with what a test must be able to do to it."""

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import boto3
import httpx
import pytest
from moto.server import ThreadedMotoServer
from starlette.applications import Starlette
from starlette.routing import Mount

from application.ports.blob_store import BlobStore
from infrastructure.storage.local import LocalBlobStore
from infrastructure.storage.local_http import local_store_app
from infrastructure.storage.s3 import S3BlobStore
from tests.support.http_server import listening_socket, running_uvicorn, url_of
from tests.support.in_memory_blob_store import InMemoryBlobStore

MOTO_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


class FakeClock:
    def __init__(self) -> None:
        self.seconds_ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.seconds_ahead

    def pass_by(self, seconds: float) -> None:
        self.seconds_ahead += seconds


@dataclass(frozen=True, kw_only=True)
class Backend:
    store: BlobStore
    put: Callable[[str, bytes, str], str]
    """Upload as a client does; returns the etag."""
    put_part: Callable[[str, str, int, bytes], str]
    """Upload a part of (key, store id, number) as a client does; returns the etag."""
    pass_by: Callable[[float], None]
    """Let seconds go by on the store's clock."""
    clear: Callable[[], None] = lambda: None
    """Delete every object of a store that outlives the test."""
    folder: Path | None = None
    """Where the local store has its files."""


def put_presigned(store: BlobStore, key: str, content: bytes, content_type: str) -> str:
    upload = store.presign_put(key, size_bytes=len(content), content_type=content_type, expires_in_seconds=60)
    answer = httpx.request(upload.method, upload.url, content=content, headers=upload.headers)
    assert answer.status_code == 200, answer.text
    return answer.headers["ETag"]


def put_presigned_part(store: BlobStore, key: str, store_id: str, number: int, content: bytes) -> str:
    part = store.multipart.presign_part(key, store_id, number, size_bytes=len(content), expires_in_seconds=60)
    answer = httpx.request(part.method, part.url, content=content, headers=part.headers)
    assert answer.status_code == 200, answer.text
    return answer.headers["ETag"]


def memory_backend() -> Backend:
    store = InMemoryBlobStore()
    return Backend(
        store=store,
        put=store.put,
        put_part=lambda _key, store_id, number, content: store.multipart.put_part(store_id, number, content),
        pass_by=lambda _seconds: None,
    )


@contextmanager
def local_backend(folder: Path, *, stall_seconds: float = 60) -> Iterator[Backend]:
    """Serve a local store as the API does."""
    clock = FakeClock()
    listener = listening_socket()
    store = LocalBlobStore(folder, signing_key=secrets.token_bytes(32), public_url=url_of(listener), clock=clock)
    app = Starlette(routes=[Mount("/store", local_store_app(store, stall_seconds=stall_seconds))])
    with running_uvicorn(app, listener):
        yield Backend(
            store=store,
            put=_putting(store),
            put_part=partial(put_presigned_part, store),
            pass_by=clock.pass_by,
            folder=folder,
        )


@contextmanager
def moto_server() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@contextmanager
def s3_backend(endpoint_url: str | None, environment: Mapping[str, str]) -> Iterator[Backend]:
    """Use a new bucket of a running store; `environment` is added while boto3 looks for its credentials."""
    bucket = f"esteira-{secrets.token_hex(8)}"
    with pytest.MonkeyPatch.context() as patched:
        for name, value in environment.items():
            patched.setenv(name, value)
        client = boto3.session.Session().client("s3", endpoint_url=endpoint_url)
        store = S3BlobStore(bucket=bucket, endpoint_url=endpoint_url, public_endpoint_url=None)
    client.create_bucket(Bucket=bucket)

    def clear() -> None:
        for upload in client.list_multipart_uploads(Bucket=bucket).get("Uploads", []):
            client.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            if found := [{"Key": each["Key"]} for each in page.get("Contents", [])]:
                client.delete_objects(Bucket=bucket, Delete={"Objects": found})

    try:
        yield Backend(
            store=store,
            put=_putting(store),
            put_part=partial(put_presigned_part, store),
            pass_by=time.sleep,
            clear=clear,
        )
    finally:
        clear()
        client.delete_bucket(Bucket=bucket)
        client.close()


def real_s3_endpoint() -> str | None:
    return os.environ.get("ESTEIRA_TEST_S3_ENDPOINT_URL")


def eventually_empty(folder: Path) -> None:
    """Wait for a server's thread to clear up: it may learn of a broken connection a little later."""
    settled = threading.Event()
    for _ in range(200):
        if not list(folder.iterdir()):
            return
        settled.wait(0.02)
    assert list(folder.iterdir()) == []


@contextmanager
def raw_connection(url: str) -> Iterator[socket.socket]:
    """Connect without a client that would mend what a test breaks."""
    parsed = httpx.URL(url)
    with socket.create_connection((parsed.host, parsed.port or 80), timeout=10) as connection:
        yield connection


def _putting(store: BlobStore) -> Callable[[str, bytes, str], str]:
    return lambda key, content, content_type: put_presigned(store, key, content, content_type)
