"""The client for event loops: `AsyncEsteira`."""

import ssl
from collections.abc import AsyncGenerator, Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

import httpx

from esteira_client import (
    announcing,
    api,
    content_calls,
    document_calls,
    job_calls,
    queue_calls,
    sending,
    uploads,
    watching,
)
from esteira_client.connections import api_options, store_options
from esteira_client.loops import LoopCarrier
from esteira_client.patience import Patience
from esteira_client.steps import Feed, Flow

P = ParamSpec("P")
T = TypeVar("T")


def _returned(
    flow: Callable[Concatenate[api.Api, P], Flow[T]],
) -> Callable[Concatenate["AsyncEsteira", P], Coroutine[Any, Any, T]]:
    @wraps(flow)
    def method(self: "AsyncEsteira", /, *arguments: P.args, **named: P.kwargs) -> Coroutine[Any, Any, T]:
        return self.carrier.run(flow(self.api, *arguments, **named))

    return method


def _iterated(
    feed: Callable[Concatenate[api.Api, P], Feed[T]],
) -> Callable[Concatenate["AsyncEsteira", P], AsyncGenerator[T, None]]:
    @wraps(feed)
    def method(self: "AsyncEsteira", /, *arguments: P.args, **named: P.kwargs) -> AsyncGenerator[T, None]:
        return self.carrier.tell(feed(self.api, *arguments, **named))

    return method


class AsyncEsteira:
    """Speaks with a server at `url`, as Esteira does, and with the same methods; for one event loop of asyncio."""

    def __init__(
        self,
        url: str,
        *,
        api_key: str | None = None,
        patience: Patience | None = None,
        multipart_above_bytes: int = api.MULTIPART_ABOVE_BYTES,
        verify: ssl.SSLContext | bool = True,
    ) -> None:
        url = url.rstrip("/")
        self.api = api.Api(url=url, patience=patience or Patience(), multipart_above_bytes=multipart_above_bytes)
        self.carrier = LoopCarrier(
            httpx.AsyncClient(**api_options(url, api_key, verify)),
            httpx.AsyncClient(**api_options(url, api_key, verify)),
            httpx.AsyncClient(**store_options(verify)),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        await self.carrier.close()

    announce = _returned(announcing.announce)
    announce_all = _returned(announcing.announce_all)
    open_upload = _returned(announcing.open_upload)
    send = _returned(sending.send)
    upload = _returned(uploads.upload)
    resume_upload = _returned(uploads.resume_upload)
    abort_upload = _returned(uploads.abort_upload)
    ingest = _returned(uploads.ingest)

    document = _returned(document_calls.document)
    documents = _returned(document_calls.documents)
    status = _returned(document_calls.status)
    statuses = _returned(watching.statuses)
    process = _returned(document_calls.process)
    process_all = _returned(document_calls.process_all)
    cancel = _returned(document_calls.cancel)
    delete = _returned(document_calls.delete)
    all_documents = _iterated(document_calls.all_documents)
    follow = _iterated(document_calls.follow)
    follow_all = _iterated(watching.follow_all)

    chunks = _returned(content_calls.chunks)
    text = _returned(content_calls.text)
    pages = _returned(content_calls.pages)
    details = _returned(content_calls.details)
    content = _returned(content_calls.content)
    search = _returned(content_calls.search)
    all_chunks = _iterated(content_calls.all_chunks)
    all_pages = _iterated(content_calls.all_pages)
    content_blocks = _iterated(content_calls.content_blocks)

    start_job = _returned(job_calls.start_job)
    job = _returned(job_calls.job)
    cancel_job = _returned(job_calls.cancel_job)
    start_operation = _returned(job_calls.start_operation)
    operation_result = _returned(job_calls.operation_result)
    start_artifact = _returned(job_calls.start_artifact)
    download_artifact = _returned(job_calls.download_artifact)
    follow_job = _iterated(job_calls.follow_job)

    queue_info = _returned(queue_calls.queue_info)
    queue_health = _returned(queue_calls.queue_health)
    queue_workers = _returned(queue_calls.queue_workers)
    queue_jobs = _returned(queue_calls.queue_jobs)
    queue_job = _returned(queue_calls.queue_job)
    dead_letters = _returned(queue_calls.dead_letters)

    call = _returned(api.call)
