"""Watches the status of documents over HTTP all the time, as users do, and writes down what ran backwards."""

import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.client import StubbornClient

ROUND_SECONDS = 0.4
LOOKS_A_ROUND = 12
FINAL = {"completed", "failed", "cancelled"}


@dataclass(slots=True, kw_only=True)
class Observer:
    """Runs in a thread of its own between `start` and `stop`."""

    client: StubbornClient
    seed: int
    violations: list[str] = field(default_factory=list)
    looks: int = 0
    moving: set[str] = field(default_factory=set)
    at_rest: set[str] = field(default_factory=set)
    last: dict[str, tuple[int, Mapping[str, Any]]] = field(default_factory=dict)
    ended: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        self.thread = threading.Thread(target=self._watch, name="observer", daemon=True)
        self.thread.start()

    def stop(self) -> None:
        """Look at all documents a last time, then end."""
        self.ended.set()
        if self.thread:
            self.thread.join()
        for document_id in [*self.moving, *self.at_rest]:
            self._look(document_id)

    def follow(self, document_id: str) -> None:
        """Watch this document too."""
        self.moving.add(document_id)

    def forget(self, document_id: str) -> None:
        """Leave a deleted document alone."""
        self.moving.discard(document_id)
        self.at_rest.discard(document_id)

    def _watch(self) -> None:
        chance = random.Random(self.seed)
        while not self.ended.wait(ROUND_SECONDS):
            moving, at_rest = sorted(self.moving), sorted(self.at_rest)
            chosen = chance.sample(moving, min(len(moving), LOOKS_A_ROUND))
            for document_id in chosen + chance.sample(at_rest, min(len(at_rest), 3)):
                self._look(document_id)

    def _look(self, document_id: str) -> None:
        try:
            seen = self.client.look(document_id)
        except LookupError:
            self.forget(document_id)
            return
        if seen is None:
            return
        self.looks += 1
        if before := self.last.get(document_id):
            self.violations += [f"{document_id}: {what}" for what in backwards(before, seen)]
        self.last[document_id] = seen
        if seen[1]["status"] in FINAL and document_id in self.moving:
            self.moving.discard(document_id)
            self.at_rest.add(document_id)


def backwards(before: tuple[int, Mapping[str, Any]], after: tuple[int, Mapping[str, Any]]) -> list[str]:
    """Return what went backwards from one look to the next."""
    (old_version, old), (new_version, new) = before, after
    found = []
    if new_version < old_version:
        found.append(f"the version fell from {old_version} to {new_version}")
    if new_version == old_version and _told(old) != _told(new):
        found.append(f"version {new_version} was told in two ways: {_told(old)} and {_told(new)}")
    if old["job_id"] != new["job_id"]:
        return found
    if old["status"] in FINAL and new["status"] != old["status"]:
        found.append(f"{old['status']} became {new['status']} by itself")
    if new["attempt"] < old["attempt"] and new["status"] not in FINAL:
        found.append(f"the attempt fell from {old['attempt']} to {new['attempt']}")
    if new["attempt"] == old["attempt"] and new["progress"] < old["progress"]:
        found.append(f"progress fell from {old['progress']} to {new['progress']} in attempt {new['attempt']}")
    return found


def _told(status: Mapping[str, Any]) -> tuple[object, ...]:
    return status["status"], status["progress"], status["attempt"], status["stage"]
