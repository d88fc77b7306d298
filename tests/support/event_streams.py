"""Server-sent events as a client reads them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

LONG_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    name: str
    id: str | None
    data: Any


@dataclass(frozen=True, slots=True)
class OpenStream:
    """`events` comes to its end where the server closes the stream."""

    answer: httpx.Response
    lines: Iterator[str]

    def events(self) -> Iterator[Event]:
        fields: dict[str, str] = {}
        for line in self.lines:
            if not line and "data" in fields:
                yield Event(name=fields["event"], id=fields.get("id"), data=json.loads(fields["data"]))
            name, _, value = line.partition(": ")
            fields = {**fields, name: value} if line else {}

    def next(self) -> Event:
        return next(self.events())


@contextmanager
def opened(client: httpx.Client, path: str, *, last_event_id: str | None = None) -> Iterator[OpenStream]:
    """Open a stream."""
    headers = {"Last-Event-ID": last_event_id} if last_event_id is not None else {}
    with client.stream("GET", path, headers=headers, timeout=LONG_SECONDS) as answer:
        if answer.status_code != httpx.codes.OK:
            answer.read()
        yield OpenStream(answer, answer.iter_lines())
