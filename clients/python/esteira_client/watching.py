"""Follows many documents to their ends by one call for every 500 of them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

import httpx

from esteira_client.answers import DocumentStatus, StatusPage
from esteira_client.api import Api
from esteira_client.errors import EsteiraError, retry_after_seconds, stopped
from esteira_client.requests import get
from esteira_client.steps import Feed, Flow, Pause, Tell

IDS_AT_ONCE = 500
# Some proxies take no address as long as that of 500 ids.
LEAST_IDS_AT_ONCE = 50
TOO_LONG = frozenset({400, 414, 431})
GLANCE_SECONDS = 1.0


def statuses(api: Api, document_ids: Sequence[str], *, etag: str | None = None) -> Flow[StatusPage | None]:
    """Return how far up to 500 documents are, None if nothing changed since `etag`. Unknown ids are left out."""
    headers = {"If-None-Match": etag} if etag else {}
    response = yield from api.sent(get("/documents/status", headers=headers, ids=",".join(document_ids)))
    if response.status_code == httpx.codes.NOT_MODIFIED:
        return None
    api.refuse_detour(response)
    with api.understood():
        items = [DocumentStatus.from_json(item) for item in response.json()["items"]]
    return StatusPage(items=items, etag=response.headers.get("ETag"), retry_after=retry_after_seconds(response))


def follow_all(api: Api, document_ids: Iterable[str]) -> Feed[DocumentStatus | EsteiraError]:
    """Tell each state that is new of any number of documents, until all are final.

    In the place of a document that is not there, or no longer, an error with its `document_id` is told, once.
    """
    watched = _Watched(list(dict.fromkeys(document_ids)))
    while watched.groups:
        for group in watched.groups:
            page = yield from watched.glance(api, group)
            for news in watched.news(group, page) if page else ():
                yield Tell(news)
        watched.regroup()
        if watched.groups and (yield Pause(watched.pause_seconds)):
            raise stopped()


@dataclass(slots=True)
class _Group:
    """Documents of one call. Its ETag holds for exactly these."""

    ids: list[str]
    etag: str | None = None


@dataclass(slots=True)
class _Watched:
    """The documents that are not final yet, and what was told of them."""

    ids: list[str]
    groups: list[_Group] = field(init=False)
    pause_seconds: float = GLANCE_SECONDS
    _ids_at_once: int = IDS_AT_ONCE
    _told: dict[str, DocumentStatus] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._group(self.ids)

    def glance(self, api: Api, group: _Group) -> Flow[StatusPage | None]:
        """Ask for a group, None where nothing is new. Raises EsteiraError."""
        try:
            page = yield from statuses(api, group.ids, etag=group.etag)
        except EsteiraError as error:
            if error.status not in TOO_LONG or len(group.ids) <= LEAST_IDS_AT_ONCE:
                raise
            self._ids_at_once = LEAST_IDS_AT_ONCE
            return None
        if page and page.retry_after:
            self.pause_seconds = max(GLANCE_SECONDS, page.retry_after)
        return page

    def news(self, group: _Group, page: StatusPage) -> Iterator[DocumentStatus | EsteiraError]:
        """Yield what was not told yet, and keep what is not final."""
        found = {status.document_id: status for status in page.items}
        left = [id_ for id_ in group.ids if id_ in found and not found[id_].is_final]
        asked, group.ids, group.etag = group.ids, left, page.etag if len(left) == len(group.ids) else None
        for id_ in asked:
            status = found.get(id_)
            if status is None:
                yield _gone(id_)
            elif status != self._told.get(id_):
                self._told[id_] = status
                yield status

    def regroup(self) -> None:
        """Ask with as few calls as can be; groups stay as they are otherwise, for the sake of their ETags."""
        left = list(chain.from_iterable(group.ids for group in self.groups))
        fewest = -(-len(left) // self._ids_at_once)
        if fewest != len(self.groups):
            self._group(left)

    def _group(self, ids: list[str]) -> None:
        starts = range(0, len(ids), self._ids_at_once)
        self.groups = [_Group(ids[start : start + self._ids_at_once]) for start in starts]


def _gone(document_id: str) -> EsteiraError:
    sentence = "There is no such document: it was deleted, or its upload never came."
    return EsteiraError("document_not_found", sentence, status=httpx.codes.NOT_FOUND, document_id=document_id)
