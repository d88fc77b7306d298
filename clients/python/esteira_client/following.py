"""Follows a document or a job to its end, by answers that are held or by server-sent events."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Literal, Protocol, TypeAlias, TypeVar

import httpx

from esteira_client.answers import DocumentStatus, JobStatus, Json
from esteira_client.api import Api
from esteira_client.errors import error_of_item, stopped
from esteira_client.events import EventReader
from esteira_client.requests import get, path
from esteira_client.steps import Feed, Flow, Pause, Read, Tell

By: TypeAlias = Literal["events", "wait"]
HELD_SECONDS = 25
# Where answers are not held, as by a proxy that leaves `wait` away.
LEAST_SECONDS = 1.0
# As the server asks for by `retry:`.
REOPEN_SECONDS = 2.0
# The server says something every 15.
SILENCE_SECONDS = 20.0
MOST_BARREN_STREAMS = 2
TOLD = frozenset({"status", "end"})


class State(Protocol):
    """How far something is."""

    @property
    def is_final(self) -> bool:
        """True once nothing moves any more."""
        ...


S = TypeVar("S", bound=State)


@dataclass(frozen=True, slots=True)
class Kind(Generic[S]):
    """What can be followed: what it is called, and how its states are read."""

    name: str
    read: Callable[[Json], S]


DOCUMENT = Kind("documents", DocumentStatus.from_json)
JOB = Kind("jobs", JobStatus.from_json)


@dataclass(slots=True)
class Waiting(Generic[S]):
    """Asks again and again; the server holds its answer until something changes."""

    api: Api
    kind: Kind[S]
    id: str
    _etag: str | None = None

    def next(self, last: S | None) -> Flow[S]:
        """Return the next state that is not the last one. Raises EsteiraError."""
        while True:
            asked_at = self.api.clock()
            state = yield from self._answer(None if last is None else HELD_SECONDS)
            if state is not None and state != last:
                return state
            if self.api.clock() - asked_at < LEAST_SECONDS and (yield Pause(LEAST_SECONDS)):
                raise stopped()

    def _answer(self, wait: int | None) -> Flow[S | None]:
        """Ask, None where nothing has changed."""
        known = {"If-None-Match": self._etag} if self._etag else {}
        request = get(path(self.kind.name, self.id, "status"), headers=known, wait=wait)
        response = yield from self.api.sent(replace(request, held=wait is not None))
        if response.status_code == httpx.codes.NOT_MODIFIED:
            return None
        self._etag = response.headers.get("ETag")
        self.api.refuse_detour(response)
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
    _barren_streams: int = 0

    def next(self) -> Flow[S | None]:
        """Return the next state, None where events do not come through. Raises EsteiraError."""
        while not self._states:
            block = yield from self._heard()
            if block is not None and self._reader is not None:
                self._read(self._reader, block)
                if self._last_id is not None:
                    self._barren_streams = 0
                continue
            self._reader = None
            self._barren_streams += 1
            if self._barren_streams == MOST_BARREN_STREAMS:
                return None
            if (yield Pause(REOPEN_SECONDS)):
                raise stopped()
        return self._states.pop(0)

    def _heard(self) -> Flow[bytes | None]:
        """Return the next bytes of the stream, None where it has ended, or is none."""
        try:
            if self._reader is None:
                known = {"Last-Event-ID": self._last_id} if self._last_id else {}
                request = get(path(self.kind.name, self.id, "events"), headers=known)
                response = yield from self.api.opened(replace(request, held=True, read_seconds=SILENCE_SECONDS))
                if not response.headers.get("Content-Type", "").startswith("text/event-stream"):
                    return None
                self._reader = EventReader()
            block: bytes | None = yield Read()
        except httpx.TransportError:
            return None
        return block

    def _read(self, reader: EventReader, block: bytes) -> None:
        for event in reader.events(block):
            with self.api.understood():
                told: dict[str, Any] = json.loads(event.data)
                problem = error_of_item(told) if event.name == "error" else None
                if event.name in TOLD:
                    self._states.append(self.kind.read(told))
                    self._last_id = event.id or self._last_id
            if problem:
                raise problem


def followed(api: Api, kind: Kind[S], id_: str, *, by: By) -> Feed[S]:
    """Tell each state to the final one, which is told once. Where events do not come through, answers are held."""
    listening, waiting = Listening(api, kind, id_), Waiting(api, kind, id_)
    last: S | None = None
    while last is None or not last.is_final:
        state = (yield from listening.next()) if by == "events" else None
        if state is None:
            by = "wait"
            state = yield from waiting.next(last)
        last = state
        yield Tell(state)
