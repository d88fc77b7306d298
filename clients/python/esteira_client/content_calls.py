"""The calls about what is in documents: passages, text, pages, bytes, and search over all of it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from esteira_client.answers import Page, page_of
from esteira_client.api import Api
from esteira_client.contents import Chunk, DocumentDetails, DocumentPage, SearchResult
from esteira_client.downloads import blocks_at, saved_at
from esteira_client.lists import MOST_OF_A_PAGE, every
from esteira_client.requests import get, path, post
from esteira_client.steps import Feed, Flow


def chunks(
    api: Api, document_id: str, *, page: int | None = None, limit: int = 50, cursor: str | None = None
) -> Flow[Page[Chunk]]:
    """Return a page of the list of passages, in order: of all, or of those that touch `page` of the document."""
    request = get(path("documents", document_id, "chunks"), page=page, limit=limit, cursor=cursor)
    answer = yield from api.json(request)
    with api.understood():
        return page_of(answer, Chunk.from_json)


def all_chunks(api: Api, document_id: str, *, page: int | None = None) -> Feed[Chunk]:
    """Tell every passage, in order, or every one that touches `page`."""
    yield from every(lambda cursor: chunks(api, document_id, page=page, limit=MOST_OF_A_PAGE, cursor=cursor))


def text(api: Api, document_id: str, *, page: int | None = None) -> Flow[str]:
    """Return the extracted text, of one page or of all."""
    answer = yield from api.json(get(path("documents", document_id, "text"), page=page))
    with api.understood():
        return str(answer["text"])


def pages(
    api: Api, document_id: str, *, first_page: int = 1, limit: int = 50, cursor: str | None = None
) -> Flow[Page[DocumentPage]]:
    """Return some of a document's pages from `first_page` on; none of a format without pages."""
    request = get(path("documents", document_id, "pages"), first_page=first_page, limit=limit, cursor=cursor)
    answer = yield from api.json(request)
    with api.understood():
        return page_of(answer, DocumentPage.from_json)


def all_pages(api: Api, document_id: str, *, first_page: int = 1) -> Feed[DocumentPage]:
    """Tell every page from `first_page` on."""
    yield from every(lambda cursor: pages(api, document_id, first_page=first_page, limit=MOST_OF_A_PAGE, cursor=cursor))


def details(api: Api, document_id: str) -> Flow[DocumentDetails]:
    """Return what a document says of itself; `no_details` is raised until an action `metadata` has read it.

    Where it could not, `details_unreadable` is raised.
    """
    answer = yield from api.json(get(path("documents", document_id, "details")))
    with api.understood():
        return DocumentDetails.from_json(answer)


def content(api: Api, document_id: str, target: str | Path) -> Flow[Path]:
    """Download the original bytes to a path, where they appear whole or not at all."""
    return (yield from saved_at(api, path("documents", document_id, "content"), Path(target)))


def content_blocks(api: Api, document_id: str) -> Feed[bytes]:
    """Tell the original bytes, block by block."""
    yield from blocks_at(api, path("documents", document_id, "content"))


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
    """Return the passages that answer a question, best first.

    `mode`: hybrid, semantic or keyword. `group_by`: page or document, of each of which only the best passage is told.
    """
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
