"""One soak: an undisturbed run for reference, then the same under faults, then the checks."""

import random
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import redis.exceptions

from tests.chaos import checks
from tests.chaos.cleaner import Cleaner, cleanups, doctors_findings
from tests.chaos.clerk import Clerk, OperatorKill, wrong_jobs
from tests.chaos.client import StubbornClient
from tests.chaos.documents import Sample
from tests.chaos.faults import Fault, Injury, all_faults
from tests.chaos.observer import Observer
from tests.chaos.owner import Ledger, owners
from tests.chaos.stack import Stack, running_stack, stop_programs
from tests.chaos.timing import Timing

BACKLOG = 10
FEEDERS = 3
GLANCE_SECONDS = 0.1
IMPATIENCE_SECONDS = 4.0
SWEEP_SECONDS = 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do. The same seed chooses the same faults and victims, as far as processes allow."""

    seed: int
    documents: int
    samples: Sequence[Sample]
    faults: Sequence[str]
    rounds: int
    gap_seconds: float
    timing: Timing
    folder: Path
    patience_seconds: float


@dataclass(slots=True, kw_only=True)
class Outcome:
    """How it went."""

    plan: Plan
    injuries: Sequence[Injury]
    problems: Sequence[str]
    counts: Mapping[str, int]
    looks: int
    reference_seconds: float
    soak_seconds: float


@dataclass(slots=True, kw_only=True)
class Soak:
    """The second part, faults and all."""

    plan: Plan
    stack: Stack
    chance: random.Random
    ledger: Ledger
    client: StubbornClient
    observer: Observer
    faults: Mapping[str, Fault]
    cleaner: Cleaner
    injuries: list[Injury] = field(default_factory=list)
    waiting_faults: list[str] = field(default_factory=list)
    next_fault_at: float = 0.0
    asked_at: float = 0.0
    fed: int = 0
    feeding: list[threading.Thread] = field(default_factory=list)
    feeding_problems: list[str] = field(default_factory=list)

    def run(self) -> list[str]:
        """Feed and hurt until all documents are in and all faults are done; return what did not end."""
        for _ in range(self.plan.rounds):
            self.waiting_faults += self.chance.sample(list(self.plan.faults), len(self.plan.faults))
        deadline = time.monotonic() + self.plan.patience_seconds
        while not self._is_over():
            if time.monotonic() > deadline:
                return [f"the soak did not end: {self._state()}"]
            self.stack.tend()
            self.cleaner.tend()
            with suppress(psycopg.OperationalError, redis.exceptions.RedisError):
                self._heal()
                self._look_for_recovery()
                self._feed()
                self._hurt()
            time.sleep(GLANCE_SECONDS)
        return self.feeding_problems

    def _is_over(self) -> bool:
        if self.waiting_faults or self.fed < self.plan.documents or any(t.is_alive() for t in self.feeding):
            return False
        if any(injury.recovered_at is None or self._is_held(injury) for injury in self.injuries):
            return False
        with suppress(psycopg.OperationalError):
            return not self.stack.unfinished()
        return False

    def _state(self) -> str:
        unhealed = [f"{i.fault} ({i.victim})" for i in self.injuries if i.recovered_at is None]
        with suppress(psycopg.OperationalError):
            return f"faults left {self.waiting_faults}, not recovered {unhealed}, unfinished {self.stack.unfinished()}"
        return f"the database is away, not recovered {unhealed}"

    @staticmethod
    def _is_held(injury: Injury) -> bool:
        return injury.heal is not None and injury.healed_at is None

    def _heal(self) -> None:
        for injury in self.injuries:
            if injury.heal and injury.healed_at is None and time.monotonic() >= injury.hit_at + injury.hold_seconds:
                injury.heal()
                injury.healed_at = time.monotonic()

    def _look_for_recovery(self) -> None:
        for injury in self.injuries:
            if injury.recovered_at is None and (injury.counts_from_hit or not self._is_held(injury)):
                with suppress(psycopg.OperationalError, redis.exceptions.RedisError):
                    if injury.is_recovered():
                        injury.recovered_at = time.monotonic()

    def _hurt(self) -> None:
        now = time.monotonic()
        busy = any(injury.exclusive and self._is_held(injury) for injury in self.injuries)
        if not self.waiting_faults or now < self.next_fault_at or busy:
            return
        name = self.waiting_faults[0]
        self.asked_at = self.asked_at or now
        injury = self.faults[name].inject(self.stack, self.chance)
        if injury is None:
            if now - self.asked_at > IMPATIENCE_SECONDS:  # another's moment may be now
                self.waiting_faults.append(self.waiting_faults.pop(0))
                self.asked_at = 0.0
            return
        self.injuries.append(injury)
        self.waiting_faults.pop(0)
        self.asked_at = 0.0
        self.next_fault_at = time.monotonic() + self.chance.uniform(0.5, 1.5) * self.plan.gap_seconds

    def _feed(self) -> None:
        """Keep some documents waiting until enough were ingested and every fault has found its victim."""
        self.feeding = [thread for thread in self.feeding if thread.is_alive()]
        wanted = self.fed < self.plan.documents or self.waiting_faults
        if not wanted or len(self.feeding) >= FEEDERS or len(self.stack.unfinished()) >= BACKLOG:
            return
        # Or documents that were seen before would be done before anything could happen to them.
        self.stack.query("DELETE FROM embedding_cache")
        while len(self.feeding) < FEEDERS:
            sample = self.chance.choices(self.plan.samples, [sample.weight for sample in self.plan.samples])[0]
            self.fed += 1
            thread = threading.Thread(target=self._ingest, args=(sample, self.fed), name="feeder", daemon=True)
            thread.start()
            self.feeding.append(thread)

    def _ingest(self, sample: Sample, number: int) -> None:
        try:
            document_id = self.client.ingest(sample, name=f"{number:04}-{sample.name}")
        except TimeoutError as error:
            self.feeding_problems.append(f"{sample.name} could not be ingested: {error}")
            return
        self.ledger.samples[document_id] = sample
        self.observer.follow(document_id)


def run_soak(plan: Plan) -> Outcome:
    """Run all of it."""
    with running_stack(plan.folder, plan.timing) as stack:
        client, watching = StubbornClient(stack.api_url), StubbornClient(stack.api_url)
        observer = Observer(client=watching, seed=plan.seed)
        began = time.monotonic()
        undisturbed = Ledger()
        problems = undisturbed_run(stack, client, plan, undisturbed)
        reference = checks.reference_of(stack, undisturbed)
        problems += checks.wrong_reference(reference, plan.samples)
        stack.query("TRUNCATE embedding_cache")
        ledger = Ledger(samples=dict(undisturbed.samples))
        faults = {**all_faults(), **owners(ledger, client, observer), "operator_kill": OperatorKill()}
        clerk = Clerk(stack=stack, client=watching)
        soak = Soak(
            plan=plan,
            stack=stack,
            chance=random.Random(plan.seed),
            ledger=ledger,
            client=client,
            observer=observer,
            faults=faults,
            cleaner=Cleaner(stack=stack),
        )
        observer.start()
        clerk.start()
        hurt = time.monotonic()
        problems += soak.run()
        ended = time.monotonic()
        clerk.stop()
        observer.stop()
        problems += observer.violations
        problems += final_problems(stack, ledger, reference)
        problems += wrong_jobs(stack, clerk)
        problems += slow_recoveries(soak.injuries, plan.timing)
        counts = {**counts_of(stack, ledger), "other jobs": len(clerk.ordered)}
        client.close()
        watching.close()
        stop_programs(stack)
        problems += checks.left_behind(stack)
    return Outcome(
        plan=plan,
        injuries=soak.injuries,
        problems=problems,
        counts=counts,
        looks=observer.looks,
        reference_seconds=hurt - began,
        soak_seconds=ended - hurt,
    )


def undisturbed_run(stack: Stack, client: StubbornClient, plan: Plan, ledger: Ledger) -> list[str]:
    """Ingest each sample once, with nothing in its way."""
    for sample in plan.samples:
        ledger.samples[client.ingest(sample, name=sample.name)] = sample
    deadline = time.monotonic() + plan.patience_seconds
    while unfinished := stack.unfinished():
        if time.monotonic() > deadline:
            return [f"the undisturbed run did not end: {unfinished}"]
        time.sleep(GLANCE_SECONDS)
    return []


def final_problems(stack: Stack, ledger: Ledger, reference: Mapping[str, tuple[str, str]]) -> list[str]:
    """Check all documents; rows of runs that were lost may take the sweeper's turn to go."""
    deadline = time.monotonic() + SWEEP_SECONDS
    while (orphans := checks.orphan_rows(stack)) and time.monotonic() < deadline:
        time.sleep(GLANCE_SECONDS)
    return [
        *orphans,
        *checks.wrong_documents(stack, ledger, reference),
        *checks.orphan_objects(stack),
        *doctors_findings(stack),
        *([] if cleanups(stack) else ["no cleanup came to its end beside the faults"]),
    ]


def slow_recoveries(injuries: Sequence[Injury], timing: Timing) -> list[str]:
    """Return the faults that took longer than the settings promise, with some slack for a busy machine."""
    return [
        f"{injury.fault} ({injury.victim}) took {injury.recovery_seconds:.1f} s, {injury.bound_seconds:.1f} s allowed"
        for injury in injuries
        if injury.recovery_seconds is not None and injury.recovery_seconds > injury.bound_seconds + timing.slack_seconds
    ]


def counts_of(stack: Stack, ledger: Ledger) -> Mapping[str, int]:
    """Return figures for the report."""
    runs = stack.query(
        "SELECT count(*) AS actions, sum(attempt) AS runs, max(attempt) AS most, sum(crashes) AS crashes,"
        " count(*) FILTER (WHERE status = 'completed') AS completed,"
        " count(*) FILTER (WHERE status = 'failed') AS failed,"
        " count(*) FILTER (WHERE status = 'cancelled') AS cancelled FROM job_actions WHERE type = 'index'"
    )[0]
    return {
        "documents": len(ledger.samples),
        "deleted": len(ledger.deleted),
        "cleanups": cleanups(stack),
        **{name: int(value or 0) for name, value in runs._asdict().items()},
        "chunks": stack.query("SELECT count(*) AS n FROM chunks")[0].n,
        "ended by itself": sum(program.unasked_ends for program in stack.programs),
    }
