"""The calls about documents and what was made of them."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import httpx

from esteira_client.answers import (
    Chunk,
    Document,
    DocumentStatus,
    Json,
    Page,
    SearchResult,
    StatusPage,
    page_of,
)
from esteira_client.api import V1, Api, creating, get, post, retry_after_seconds
from esteira_client.downloads import blocks_at, saved_at
from esteira_client.errors import EsteiraError, error_of_item
from esteira_client.following import DOCUMENT, By, followed
from esteira_client.steps import Feed, Flow, Request, Tell

T = TypeVar("T")
MOST_OF_A_PAGE = 1000


def document(api: Api, document_id: str) -> Flow[Document]:
    """Return one document."""
    answer = yield from api.json(get(f"/documents/{document_id}"))
    with api.understood():
        return Document.from_json(answer)


def documents(
    api: Api,
    *,
    status: str | None = None,
    external_id: str | None = None,
    filename: str | None = None,
    checksum_sha256: str | None = None,
    parent_document_id: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Flow[Page[Document]]:
    """Return a page of the documents for which every condition holds, newest first."""
    request = get(
        "/documents",
        status=status,
        external_id=external_id,
        filename=filename,
        checksum_sha256=checksum_sha256,
        parent_document_id=parent_document_id,
        limit=limit,
        cursor=cursor,
    )
    answer = yield from api.json(request)
    with api.understood():
        return page_of(answer, Document.from_json)


def all_documents(
    api: Api, *, status: str | None = None, external_id: str | None = None, filename: str | None = None
) -> Feed[Document]:
    """Tell every document for which all conditions hold, newest first."""
    which = {"status": status, "external_id": external_id, "filename": filename}
    yield from _every(lambda cursor: documents(api, **which, limit=MOST_OF_A_PAGE, cursor=cursor))


def status(api: Api, document_id: str) -> Flow[DocumentStatus]:
    """Return how far the processing is."""
    answer = yield from api.json(get(f"/documents/{document_id}/status"))
    with api.understood():
        return DocumentStatus.from_json(answer)


def statuses(api: Api, document_ids: Sequence[str], *, etag: str | None = None) -> Flow[StatusPage | None]:
    """Return how far up to 500 documents are, None if nothing changed since `etag`. Unknown ids are left out."""
    headers = {"If-None-Match": etag} if etag else {}
    response = yield from api.sent(get("/documents/status", headers=headers, ids=",".join(document_ids)))
    if response.status_code == httpx.codes.NOT_MODIFIED:
        return None
    with api.understood():
        items = [DocumentStatus.from_json(item) for item in response.json()["items"]]
    return StatusPage(items=items, etag=response.headers.get("ETag"), retry_after=retry_after_seconds(response))


def follow(api: Api, document_id: str, *, by: By = "events") -> Feed[DocumentStatus]:
    """Tell each state of a document until it is final, by server-sent events or by answers that are held (`wait`)."""
    yield from followed(api, DOCUMENT, document_id, by=by)


def process(
    api: Api,
    document_id: str,
    *,
    password: str | None = None,
    callback_url: str | None = None,
    idempotency_key: str | None = None,
) -> Flow[str]:
    """Start the processing and return the job's id; while one runs, that one's. What was completed is done anew."""
    said = {"password": password, "callback_url": callback_url}
    body = {name: value for name, value in said.items() if value is not None}
    answer = yield from api.json(creating(f"/documents/{document_id}/process", body or None, key=idempotency_key))
    with api.understood():
        return str(answer["job_id"])


def process_all(api: Api, document_ids: Sequence[str]) -> Flow[Sequence[EsteiraError | None]]:
    """Start the processing of up to 500 documents in one call; return why not, for each."""
    answer = yield from api.json(creating("/documents/process", {"document_ids": list(document_ids)}))
    with api.understood():
        return [error_of_item(item) if "code" in item else None for item in answer["items"]]


def cancel(api: Api, document_id: str) -> Flow[DocumentStatus]:
    """Cancel the processing."""
    answer = yield from api.json(post(f"/documents/{document_id}/cancel", repeatable=False))
    with api.understood():
        return DocumentStatus.from_json(answer)


def delete(api: Api, document_id: str) -> Flow[Json]:
    """Delete a document with all that was made of it; return what that was."""
    request = Request(method="DELETE", url=f"{V1}/documents/{document_id}", repeatable=False)
    answer: Json = yield from api.json(request)
    return answer


def chunks(api: Api, document_id: str, *, limit: int = 50, cursor: str | None = None) -> Flow[Page[Chunk]]:
    """Return a page of the passages, in order."""
    answer = yield from api.json(get(f"/documents/{document_id}/chunks", limit=limit, cursor=cursor))
    with api.understood():
        return page_of(answer, Chunk.from_json)


def all_chunks(api: Api, document_id: str) -> Feed[Chunk]:
    """Tell every passage, in order."""
    yield from _every(lambda cursor: chunks(api, document_id, limit=MOST_OF_A_PAGE, cursor=cursor))


def text(api: Api, document_id: str, *, page: int | None = None) -> Flow[str]:
    """Return the extracted text, of one page or of all."""
    answer = yield from api.json(get(f"/documents/{document_id}/text", page=page))
    with api.understood():
        return str(answer["text"])


def content(api: Api, document_id: str, target: str | Path) -> Flow[Path]:
    """Download the original bytes to a path, where they appear whole or not at all."""
    return (yield from saved_at(api, f"/documents/{document_id}/content", Path(target)))


def content_blocks(api: Api, document_id: str) -> Feed[bytes]:
    """Tell the original bytes, block by block."""
    yield from blocks_at(api, f"/documents/{document_id}/content")


def search(
    api: Api,
    query: str,
    *,
    limit: int = 10,
    mode: str = "hybrid",
    document_ids: Sequence[str] | None = None,
    metadata: Mapping[str, Any] | None = None,
    neighbours: int = 0,
    group_by: str | None = None,
) -> Flow[Sequence[SearchResult]]:
    """Return the passages that answer a question, best first. `mode`: hybrid, semantic or keyword."""
    asked = {
        "query": query,
        "limit": limit,
        "mode": mode,
        "neighbours": neighbours,
        "document_ids": None if document_ids is None else list(document_ids),
        "metadata": metadata,
        "group_by": group_by,
    }
    body = {name: value for name, value in asked.items() if value is not None}
    answer = yield from api.json(post("/search", body))
    with api.understood():
        return [SearchResult.from_json(result) for result in answer["results"]]


def _every(read: Callable[[str | None], Flow[Page[T]]]) -> Feed[T]:
    """Tell the items of each page, from the first to the last."""
    cursor: str | None = None
    while True:
        page = yield from read(cursor)
        for item in page.items:
            yield Tell(item)
        cursor = page.next_cursor
        if cursor is None:
            return
