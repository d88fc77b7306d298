"""One who orders other work meanwhile: jobs of several actions beside the documents, each ordered once and for all."""

import random
import signal
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from tests.chaos.client import StubbornClient
from tests.chaos.faults import LAST_RUN_TO_HIT, Injury
from tests.chaos.stack import Stack

PAUSE_SECONDS = 0.3
PATIENCE_SECONDS = 240.0
# What a document's job and those who keep house make is not the clerk's.
JOBS = """
    SELECT j.id, j.status FROM jobs j WHERE j.document_id IS NULL
        AND NOT EXISTS (SELECT FROM job_actions a WHERE a.job_id = j.id AND a.queue = 'cleanup_tasks')
"""
AT_WORK = """
    SELECT id, worker, run_lease, attempt FROM job_actions
    WHERE status = 'processing' AND queue = ANY(%s) AND attempt <= %s ORDER BY id
"""
STILL = "SELECT id FROM job_actions WHERE id = %s AND run_lease = %s AND status = 'processing'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is asked for; `makes` is how the file begins that it makes, if it makes one."""

    path: str
    body: Mapping[str, object]
    makes: bytes | None = None


TIMES = [{"type": "simulate", "params": {"duration_seconds": seconds}} for seconds in (1, 2, 3)]
REPORT = {"type": "artifact", "params": {"kind": "xlsx", "report": "ingestion"}}
ORDERS: Sequence[Order] = (
    Order(path="jobs", body={"actions": [*TIMES, REPORT]}, makes=b"PK"),
    Order(path="artifacts", body={"kind": "xlsx", "report": "inventory"}, makes=b"PK"),
    Order(path="operations/simulate/start", body={"duration_seconds": 2}),
    Order(path="artifacts", body={"kind": "pdf", "report": "ingestion"}, makes=b"%PDF"),
    Order(path="operations/export/start", body={}, makes=b"PK"),
)


@dataclass(slots=True, kw_only=True)
class Clerk:
    """Has one order after the other carried out, in a thread of its own."""

    stack: Stack
    client: StubbornClient
    ordered: dict[str, Order] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to order."""
        self._thread = threading.Thread(target=self._work, name="clerk", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Order nothing more, and wait until what was ordered has ended."""
        self._ended.set()
        if self._thread:
            self._thread.join()

    def _work(self) -> None:
        number = 0
        while not self._ended.is_set() and not self.problems:
            order = ORDERS[number % len(ORDERS)]
            number += 1
            try:
                self._carry_out(order)
            except TimeoutError as error:
                self.problems.append(f"{order.path} could not be ordered: {error}")

    def _carry_out(self, order: Order) -> None:
        """Order once, however often it must be sent, and follow it to its end."""
        key = {"Idempotency-Key": str(uuid4())}
        deadline = time.monotonic() + PATIENCE_SECONDS
        started = self._ask("POST", order.path, json=order.body, headers=key)
        while started.status_code == HTTPStatus.CONFLICT and time.monotonic() < deadline:
            time.sleep(PAUSE_SECONDS)
            started = self._ask("POST", order.path, json=order.body, headers=key)
        if started.status_code != HTTPStatus.ACCEPTED:
            self.problems.append(f"{order.path} was answered by {started.status_code} {started.text[:200]}")
            return
        job_id = started.json()["job_id"]
        self.ordered[job_id] = order
        while (job := self._ask("GET", f"jobs/{job_id}/status").json())["status"] in {"pending", "processing"}:
            if time.monotonic() > deadline:
                self.problems.append(f"{order.path} does not end: {job}")
                return
            time.sleep(PAUSE_SECONDS)
        if order.makes and job["status"] == "completed":
            told = self._ask("GET", f"artifacts/{job_id}/download")
            file = self.client.call("GET", told.headers["Location"]).content
            if not file.startswith(order.makes):
                self.problems.append(f"{order.path} {job_id} made no such file: {file[:100]!r}")

    def _ask(self, method: str, path: str, **arguments: Any) -> Any:  # noqa: ANN401 - httpx's own
        return self.client.call(method, f"{self.stack.api_url}/api/v1/{path}", **arguments)


def wrong_jobs(stack: Stack, clerk: Clerk) -> list[str]:
    """Return the orders that were not carried out well, or more than once."""
    ended = {str(row.id): row.status for row in stack.query(JOBS)}
    return [
        *clerk.problems,
        *([] if clerk.ordered else ["nothing else was ordered beside the documents"]),
        *(
            f"{order.path} {job_id} should be completed, but: {ended.get(job_id, 'gone')}"
            for job_id, order in clerk.ordered.items()
            if ended.get(job_id) != "completed"
        ),
        *(f"job {job_id} was never ordered" for job_id in sorted(ended.keys() - clerk.ordered.keys())),
    ]


@dataclass(frozen=True, slots=True)
class OperatorKill:
    """SIGKILL of a worker of another queue: only its action is run again, its siblings go on."""

    def inject(self, stack: Stack, chance: random.Random) -> Injury | None:
        found = stack.query(AT_WORK, list(stack.operators), LAST_RUN_TO_HIT)
        if not found:
            return None
        victim = chance.choice(found)
        operator = next((program for program in stack.operators.values() if program.name == victim.worker), None)
        if operator is None or not operator.pid:
            return None
        operator.send(signal.SIGKILL)
        return Injury(
            fault="operator_kill",
            victim=f"{victim.worker}, run {victim.attempt}",
            bound_seconds=stack.timing.taken_back_seconds,
            is_recovered=lambda: not stack.query(STILL, victim.id, victim.run_lease),
        )
