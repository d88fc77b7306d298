"""Follows a document or a job to its end, by answers that are held or by server-sent events."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, Protocol, TypeAlias, TypeVar

import httpx

from esteira_client.answers import DocumentStatus, JobStatus, Json
from esteira_client.api import Api, get
from esteira_client.errors import error_of_item, stopped
from esteira_client.events import EventReader
from esteira_client.steps import Feed, Flow, Pause, Read, Tell

By: TypeAlias = Literal["events", "wait"]
HELD_SECONDS = 25
# As the server asks for by `retry:`.
REOPEN_SECONDS = 2.0


class State(Protocol):
    """How far something is."""

    @property
    def is_final(self) -> bool:
        """True once nothing moves any more."""
        ...


S = TypeVar("S", bound=State)


@dataclass(frozen=True, slots=True)
class Kind(Generic[S]):
    """What can be followed: where it is, and how its states are read."""

    path: str
    read: Callable[[Json], S]


DOCUMENT = Kind("/documents", DocumentStatus.from_json)
JOB = Kind("/jobs", JobStatus.from_json)


@dataclass(slots=True)
class Waiting(Generic[S]):
    """Asks again and again; the server holds its answer until something changes."""

    api: Api
    kind: Kind[S]
    id: str
    _etag: str | None = None

    def next(self) -> Flow[S]:
        """Return the next state that is new. Raises EsteiraError."""
        while True:
            known = {"If-None-Match": self._etag} if self._etag else {}
            wait = HELD_SECONDS if self._etag else None
            request = get(f"{self.kind.path}/{self.id}/status", headers=known, wait=wait)
            response = yield from self.api.sent(request)
            if response.status_code != httpx.codes.NOT_MODIFIED:
                break
        self._etag = response.headers.get("ETag")
        with self.api.understood():
            return self.kind.read(response.json())


@dataclass(slots=True)
class Listening(Generic[S]):
    """Listens to events; after a cut it goes on behind the last one."""

    api: Api
    kind: Kind[S]
    id: str
    _last_id: str | None = None
    _reader: EventReader | None = None
    _states: list[S] = field(default_factory=list)

    def next(self) -> Flow[S]:
        """Return the next state. Raises EsteiraError."""
        while not self._states:
            if self._reader is None:
                known = {"Last-Event-ID": self._last_id} if self._last_id else {}
                yield from self.api.opened(get(f"{self.kind.path}/{self.id}/events", headers=known))
                self._reader = EventReader()
            try:
                block: bytes | None = yield Read()
            except httpx.TransportError:
                block = None
            if block is not None:
                self._read(self._reader, block)
                continue
            self._reader = None
            if (yield Pause(REOPEN_SECONDS)):
                raise stopped()
        return self._states.pop(0)

    def _read(self, reader: EventReader, block: bytes) -> None:
        for event in reader.events(block):
            with self.api.understood():
                told: dict[str, Any] = json.loads(event.data)
                if event.name != "error":
                    self._states.append(self.kind.read(told))
                    self._last_id = event.id or self._last_id
                    continue
                problem = error_of_item(told)
            raise problem


def followed(api: Api, kind: Kind[S], id_: str, *, by: By) -> Feed[S]:
    """Tell each state to the final one, which is told once."""
    follower: Waiting[S] | Listening[S] = Waiting(api, kind, id_) if by == "wait" else Listening(api, kind, id_)
    while True:
        state = yield from follower.next()
        yield Tell(state)
        if state.is_final:
            return
