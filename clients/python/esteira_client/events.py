"""Server-sent events (HTML Living Standard §9.2), read from blocks of bytes as they come."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event; `id` is to be sent back as Last-Event-ID."""

    name: str
    data: str
    id: str | None


class EventReader:
    """Keeps what is no whole event yet."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._rest = ""
        self._fields: dict[str, str] = {}

    def events(self, block: bytes) -> Iterator[Event]:
        """Yield the events that end in this block. Comments are left out."""
        *lines, self._rest = (self._rest + self._decoder.decode(block)).split("\n")
        for line in lines:
            name, _, value = line.rstrip("\r").partition(":")
            if name:
                self._fields[name] = value.removeprefix(" ")
            elif "data" in self._fields and not value:
                told, self._fields = self._fields, {}
                yield Event(name=told.get("event", "message"), data=told["data"], id=told.get("id"))
            elif not value:
                self._fields = {}
