"""What the owner of documents does meanwhile: cancels and deletes some while they are worked on."""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.chaos.client import StubbornClient
from tests.chaos.documents import Sample
from tests.chaos.faults import Injury
from tests.chaos.observer import Observer
from tests.chaos.stack import ActionSeen, Stack

CANCEL_SECONDS = 10.0


@dataclass(slots=True, kw_only=True)
class Ledger:
    """Every document that was ingested: which sample it is, and what its owner did to it."""

    samples: dict[str, Sample] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Injects what is no fault of anybody's. `act` is the owner's wish, sent from a thread of its own."""

    name: str
    ledger: Ledger
    act: Callable[[str], None]
    is_done: Callable[[Stack, ActionSeen], bool]

    def inject(self, stack: Stack, chance: random.Random) -> Injury | None:
        """Choose a document that is worked on."""
        known = self.ledger.samples.keys() - self.ledger.cancelled - self.ledger.deleted
        found = sorted((a for a in stack.at_work() if str(a.document_id) in known), key=lambda a: a.id)
        if not found:
            return None
        victim = chance.choice(found)
        threading.Thread(target=self.act, args=(str(victim.document_id),), name=self.name, daemon=True).start()
        return Injury(
            fault=self.name,
            victim=f"a document of {victim.worker}",
            bound_seconds=CANCEL_SECONDS,
            is_recovered=lambda: self.is_done(stack, victim),
        )


def owners(ledger: Ledger, client: StubbornClient, observer: Observer) -> dict[str, Owner]:
    """Return what owners do, by name."""

    def cancel(document_id: str) -> None:
        ledger.cancelled.add(document_id)
        client.call("POST", f"/{document_id}/cancel")

    def delete(document_id: str) -> None:
        ledger.deleted.add(document_id)
        observer.forget(document_id)
        client.call("DELETE", f"/{document_id}")
        observer.forget(document_id)

    def is_final(stack: Stack, victim: ActionSeen) -> bool:
        return not any(a.id == victim.id for a in stack.unfinished())

    def is_gone(stack: Stack, victim: ActionSeen) -> bool:
        return not stack.query("SELECT id FROM documents WHERE id = %s", victim.document_id)

    return {
        "owner_cancel": Owner(name="owner_cancel", ledger=ledger, act=cancel, is_done=is_final),
        "owner_delete": Owner(name="owner_delete", ledger=ledger, act=delete, is_done=is_gone),
    }
