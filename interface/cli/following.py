"""Follows many documents by one call for every 500 of them."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from esteira_client import DocumentStatus
from interface.cli.client import MAX_IDS_PER_CALL, ApiClient

POLL_SECONDS = 1.0


@dataclass(slots=True)
class _Group:
    """Documents of one call. Its ETag holds for exactly these."""

    ids: dict[str, None] = field(default_factory=dict)
    etag: str | None = None
    # What the server asked for last; an answer without news does not say it.
    pause_seconds: float = POLL_SECONDS

    def add(self, document_id: str) -> None:
        self.ids[document_id] = None
        self.etag = None

    def remove(self, document_id: str) -> None:
        del self.ids[document_id]
        self.etag = None


@dataclass(slots=True)
class Following:
    """The documents that are not final yet. For one thread."""

    api: ApiClient
    due_at: float = 0.0
    _groups: list[_Group] = field(default_factory=list)

    def __len__(self) -> int:
        return sum(len(group.ids) for group in self._groups)

    def add(self, document_id: str) -> None:
        """Follow one more."""
        if not self._groups or len(self._groups[-1].ids) == MAX_IDS_PER_CALL:
            self._groups.append(_Group())
        self._groups[-1].add(document_id)

    def poll(self) -> Iterator[DocumentStatus | str]:
        """Ask once for all: yield what has changed, and the bare id of a document that is gone.

        Final and gone ones are followed no more. Raises ApiProblem.
        """
        self._regroup()
        for group in self._groups:
            page = self.api.statuses(list(group.ids), etag=group.etag)
            if page is None:
                continue
            group.pause_seconds = max(POLL_SECONDS, page.retry_after or 0)
            group.etag = page.etag
            gone = group.ids.keys() - {item.document_id for item in page.items}
            for document_id in [*gone, *(item.document_id for item in page.items if item.is_final)]:
                group.remove(document_id)
            yield from gone
            yield from page.items
        self.due_at = time.monotonic() + max((group.pause_seconds for group in self._groups), default=POLL_SECONDS)

    def _regroup(self) -> None:
        """Ask with as few calls as can be; groups stay put otherwise, for the sake of their ETags."""
        if len(self._groups) > math.ceil(len(self) / MAX_IDS_PER_CALL):
            left = list(chain.from_iterable(group.ids for group in self._groups))
            self._groups = []
            for document_id in left:
                self.add(document_id)
