"""The faults, by name. Each says what it may hit, what it does, and when what it broke is whole again.

An action may lose four runs, so a fault that costs runs hits only those that are in their first or second.
"""

import os
import random
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from psycopg import Connection

from application.ports.doorbell import message_name
from domain.job import DOCUMENT_QUEUE
from domain.retry_policy import OUTAGE_GROWTH
from tests.chaos.programs import parsers_of
from tests.chaos.stack import OWN_NAME, ActionSeen, Stack
from tests.chaos.store import Mood
from tests.chaos.timing import START_SECONDS

LAST_RUN_TO_HIT = 2
COPY_HUNT_SECONDS = 0.5
LOOKS_A_HUNT = 50
# While its client is silent a COPY waits to read from it.
COPYING = """
    SELECT application_name FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'COPY %%'
        AND wait_event = 'ClientRead' AND application_name = ANY(%s)
"""


@dataclass(slots=True, kw_only=True)
class Injury:
    """One fault that was done. `heal` undoes it after `hold_seconds`; recovery counts from there, or from the hit."""

    fault: str
    victim: str
    bound_seconds: float
    is_recovered: Callable[[], bool]
    heal: Callable[[], None] | None = None
    hold_seconds: float = 0.0
    counts_from_hit: bool = True
    exclusive: bool = False
    hit_at: float = field(default_factory=time.monotonic)
    healed_at: float | None = None
    recovered_at: float | None = None

    @property
    def recovery_seconds(self) -> float | None:
        """How long it took; None while it is not whole."""
        start = self.hit_at if self.counts_from_hit else self.healed_at
        return None if self.recovered_at is None or start is None else max(0.0, self.recovered_at - start)


class Fault(Protocol):
    """Something that goes wrong."""

    def inject(self, stack: Stack, chance: random.Random) -> Injury | None:
        """Do it now; None if there is nothing that may be hit now."""
        ...


def may_be_hit(actions: Sequence[ActionSeen]) -> bool:
    """Tell whether each of these can lose this run and still be completed."""
    return all(action.run_number <= LAST_RUN_TO_HIT for action in actions)


def choose_at_work(stack: Stack, chance: random.Random) -> ActionSeen | None:
    """Return an action whose worker may be hit."""
    found = sorted((a for a in stack.at_work() if may_be_hit([a])), key=lambda a: a.id)
    return chance.choice(found) if found else None


def is_taken_back(stack: Stack, victim: ActionSeen) -> bool:
    """Tell whether the run is over."""
    return not any(
        a.id == victim.id and a.run_lease == victim.run_lease and a.status == "processing" for a in stack.unfinished()
    )


def are_delivered(stack: Stack, waiting: Sequence[ActionSeen]) -> bool:
    """Tell whether every one of these has started since, or has its message in the queue."""
    now = {a.id: a for a in stack.unfinished() if a.status == "pending"}
    left = [now[a.id] for a in waiting if a.id in now and now[a.id].attempt == a.attempt]
    if not left:
        return True
    with stack.redis_client() as redis:
        there = {entry.decode() for entry in redis.lrange(f"rq:queue:{DOCUMENT_QUEUE}", 0, -1)}
    return all(message_name(a.id, a.dispatch_no) in there or a.status != "pending" for a in left)


@dataclass(frozen=True, slots=True)
class WorkerKill:
    """SIGKILL of a worker at work: the reaper takes its run back."""

    def inject(self, stack: Stack, chance: random.Random) -> Injury | None:
        victim = choose_at_work(stack, chance)
        if victim is None:
            return None
        stack.workers[victim.worker or ""].send(signal.SIGKILL)
        return Injury(
            fault="worker_kill",
            victim=f"{victim.worker}, run {victim.run_number}",
            bound_seconds=stack.timing.taken_back_seconds,
            is_recovered=lambda: is_taken_back(stack, victim),
        )


@dataclass(slots=True)
class ParserKill:
    """SIGKILL of a worker's parser child: the page is read again in a fresh one. Once an action: twice is poison."""

    hit: set[object] = field(default_factory=set)

    def inject(self, stack: Stack, chance: random.Random) -> Injury | None:
        victims = sorted((a for a in stack.at_work() if a.id not in self.hit), key=lambda a: a.id)
        chance.shuffle(victims)
        for victim in victims:
            parsers = parsers_of([stack.workers[victim.worker or ""].pid or 0])
            if parsers:
                return self._kill(stack, victim, parsers)
        return None

    def _kill(self, stack: Stack, victim: ActionSeen, parsers: Sequence[int]) -> Injury:
        self.hit.add(victim.id)
        for parser in parsers:
            send(parser, signal.SIGKILL)

        def has_moved() -> bool:
            now = next((a for a in stack.unfinished() if a.id == victim.id), None)
            return now is None or now.version > victim.version

        return Injury(
            fault="parser_kill",
            victim=f"of {victim.worker}, run {victim.run_number}",
            bound_seconds=START_SECONDS,
            is_recovered=has_moved,
        )


@dataclass(frozen=True, slots=True)
class ApiKill:
    """SIGKILL of the API: what it committed is sent by the workers' relays; somebody starts it again."""

    def inject(self, stack: Stack, chance: random.Random) -> Injury | None:
        if stack.api.pid is None:
            return None
        stack.api.send(signal.SIGKILL)
        return Injury(fault="api_kill", victim="the API", bound_seconds=START_SECONDS, is_recovered=stack.api_answers)


@dataclass(frozen=True, slots=True)
class WorkerStop:
    """SIGSTOP of a worker beyond its lease, then SIGCONT: it wakes as a zombie, and may write nothing."""

    def inject(self, stack: Stack, chance: random.Random) -> Injury | None:
        victim = choose_at_work(stack, chance)
        return None if victim is None else stop_beyond_lease(stack, victim, "worker_stop")


@dataclass(frozen=True, slots=True)
class WorkerStopInCopy:
    """The same in the middle of a COPY, whose locks only the end of the connection frees."""

    def inject(self, stack: Stack, chance: random.Random) -> Injury | None:
        deadline = time.monotonic() + COPY_HUNT_SECONDS
        while time.monotonic() < deadline:
            victims = {a.run_name: a for a in stack.at_work() if may_be_hit([a])}
            with stack.connection() as connection:
                if injury := self._hunt(stack, connection, victims):
                    return injury
        return None

    def _hunt(self, stack: Stack, connection: Connection[Any], victims: Mapping[str, ActionSeen]) -> Injury | None:
        """Look many times in a short while: a COPY takes a few milliseconds."""
        for _ in range(LOOKS_A_HUNT):
            for (name,) in connection.execute(COPYING, [list(victims)]).fetchall():
                worker = stack.workers[victims[name].worker or ""]
                worker.send(signal.SIGSTOP)
                if connection.execute(COPYING, [[name]]).fetchall():
                    return stop_beyond_lease(stack, victims[name], "worker_stop_in_copy")
                worker.send(signal.SIGCONT)
        return None


def stop_beyond_lease(stack: Stack, victim: ActionSeen, name: str) -> Injury:
    """Stop the worker until its run was taken back for certain."""
    worker = stack.workers[victim.worker or ""]
    pid = worker.pid or 0
    send(pid, signal.SIGSTOP)
    return Injury(
        fault=name,
        victim=f"{victim.worker}, run {victim.run_number}",
        bound_seconds=stack.timing.taken_back_seconds,
        is_recovered=lambda: is_taken_back(stack, victim),
        heal=lambda: send(pid, signal.SIGCONT),
        hold_seconds=stack.timing.taken_back_seconds + stack.timing.beat_seconds,
    )


@dataclass(frozen=True, slots=True)
class RedisFlush:
    """FLUSHALL: every message is gone, and the reconciler sends them again."""

    def inject(self, stack: Stack, chance: random.Random) -> Injury | None:
        waiting = [a for a in stack.unfinished() if a.status == "pending" and a.due]
        with stack.redis_client() as redis:
            redis.flushall()
        return Injury(
            fault="redis_flush",
            victim=f"{len(waiting)} messages",
            bound_seconds=stack.timing.delivered_seconds,
            is_recovered=lambda: are_delivered(stack, waiting),
        )


@dataclass(frozen=True, slots=True)
class RedisAway:
    """Redis is stopped, and started again empty, after a while or at once."""

    name: str
    seconds: Callable[[Stack], float]

    def inject(self, stack: Stack, chance: random.Random) -> Injury | None:
        waiting = [a for a in stack.unfinished() if a.status == "pending" and a.due]
        stack.redis.stop(signal.SIGTERM)
        return Injury(
            fault=self.name,
            victim=f"{len(waiting)} messages",
            bound_seconds=stack.timing.delivered_seconds,
            is_recovered=lambda: are_delivered(stack, waiting),
            heal=stack.redis.start,
            hold_seconds=self.seconds(stack),
            counts_from_hit=False,
            exclusive=True,
        )


@dataclass(frozen=True, slots=True)
class PostgresRestart:
    """PostgreSQL is stopped, fast or as by a crash, and started again; every run goes on or is taken back."""

    def inject(self, stack: Stack, chance: random.Random) -> Injury | None:
        victims = stack.at_work()
        if not victims or not may_be_hit(victims):
            return None
        stack.postgres.stop(chance.choice([signal.SIGINT, signal.SIGQUIT]))
        stack.postgres.start()
        return surviving(stack, victims, "postgres_restart")


@dataclass(frozen=True, slots=True)
class PostgresTerminate:
    """Half of Esteira's connections are ended by the server."""

    def inject(self, stack: Stack, chance: random.Random) -> Injury | None:
        victims = stack.at_work()
        if not victims or not may_be_hit(victims):
            return None
        pids = stack.query(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND application_name <> %s"
            " ORDER BY pid",
            OWN_NAME,
        )
        chosen = chance.sample(pids, max(1, len(pids) // 2)) if pids else []
        stack.query("SELECT pg_terminate_backend(pid) FROM unnest(%s::int[]) AS pid", [row.pid for row in chosen])
        injury = surviving(stack, victims, "postgres_terminate")
        injury.victim = f"{len(chosen)} connections"
        return injury


def surviving(stack: Stack, victims: Sequence[ActionSeen], name: str) -> Injury:
    """Watch that each run beats again, or is taken back."""
    now = stack.query("SELECT clock_timestamp() AS now")[0].now
    runs = [f"{a.id} {a.run_lease}" for a in victims]

    def none_is_doubtful() -> bool:
        left = stack.query(
            "SELECT FROM job_actions WHERE status = 'processing' AND id::text || ' ' || run_lease = ANY(%s)"
            " AND lease_until <= %s + make_interval(secs => %s)",
            runs,
            now,
            stack.timing.lease_seconds,
        )
        return not left

    return Injury(
        fault=name,
        victim=f"{len(runs)} runs",
        # After a restart a lease is given its full time to be kept by a worker that lives.
        bound_seconds=stack.timing.lease_seconds + stack.timing.taken_back_seconds,
        is_recovered=none_is_doubtful,
    )


@dataclass(frozen=True, slots=True)
class StoreAway:
    """The object store answers 500, or not at all, for a while; runs that met it are tried again."""

    name: str
    mood: Mood
    seconds: Callable[[Stack], float]

    def inject(self, stack: Stack, chance: random.Random) -> Injury | None:
        if not may_be_hit(stack.all_unfinished()):
            return None
        failed_before = stack.store.requests_failed
        stack.store.behave(self.mood)
        longest_backoff_seconds = stack.timing.retry_delay_seconds * OUTAGE_GROWTH ** (LAST_RUN_TO_HIT - 1)

        def is_over() -> bool:
            injury.victim = f"{stack.store.requests_failed - failed_before} requests"
            waiting = [a for a in stack.all_unfinished() if a.code == "storage_unavailable" and a.status == "pending"]
            return all(a.sent for a in waiting)

        injury = Injury(
            fault=self.name,
            victim="",
            bound_seconds=longest_backoff_seconds + stack.timing.relay_seconds,
            is_recovered=is_over,
            heal=lambda: stack.store.behave(Mood.WELL),
            hold_seconds=self.seconds(stack),
            counts_from_hit=False,
            exclusive=True,
        )
        return injury


def send(pid: int, number: int) -> None:
    """Send a signal to a process that may have ended."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def all_faults() -> Mapping[str, Fault]:
    """Return every fault, new, by its name."""
    return {
        "worker_kill": WorkerKill(),
        "parser_kill": ParserKill(),
        "api_kill": ApiKill(),
        "worker_stop": WorkerStop(),
        "worker_stop_in_copy": WorkerStopInCopy(),
        "redis_flush": RedisFlush(),
        "redis_restart": RedisAway("redis_restart", lambda stack: 0.0),
        "redis_outage": RedisAway("redis_outage", lambda stack: stack.timing.redis_outage_seconds),
        "postgres_restart": PostgresRestart(),
        "postgres_terminate": PostgresTerminate(),
        "store_errors": StoreAway("store_errors", Mood.ERRORS, lambda stack: stack.timing.store_outage_seconds),
        "store_stall": StoreAway("store_stall", Mood.STALL, lambda stack: stack.timing.store_stall_seconds),
    }
