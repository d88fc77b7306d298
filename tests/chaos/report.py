"""Writes the report of soaks, in Markdown."""

import platform
from collections.abc import Sequence
from statistics import median

from tests.chaos.faults import Injury
from tests.chaos.soak import Outcome
from tests.chaos.timing import Timing


def report_of(outcomes: Sequence[Outcome]) -> str:
    """Return the report of one or more soaks."""
    lines = [
        "# The soak",
        "",
        "Written by `make chaos`. Each seed is a soak of its own: three workers, the API, PostgreSQL, Redis and an",
        "object store as processes of their own. Documents are ingested once undisturbed, then again and again while",
        "the faults below strike at random times. In the end every document must have been indexed exactly as in the",
        "undisturbed run, or have failed with the same code, and nothing may be left over or have run backwards.",
        "All the while one cleanup follows the other, with windows so short that objects count as old after a minute;",
        "it may touch nothing that is alive. In the end `esteira doctor` must find nothing. Other jobs run beside the",
        "documents, each ordered with an idempotency key until there is an answer: each must be there once, completed.",
        "",
        "Faults overlap. Above all, after a restart of PostgreSQL every lease has its full time again, so a worker",
        "that is killed or stopped just before one is found out later than promised for that fault alone.",
        "",
    ]
    for outcome in outcomes:
        lines += _soak(outcome)
    lines += ["## How to repeat it", "", "```", *(_command(outcome) for outcome in outcomes), "```", ""]
    lines += ["One fault alone: `--faults worker_kill`; several: `--faults redis_flush,api_kill`.", ""]
    return "\n".join(lines)


def _command(outcome: Outcome) -> str:
    plan = outcome.plan
    options = f"--documents {plan.documents} --rounds {plan.rounds} --gap {plan.gap_seconds:g}"
    return f"python -m tests.chaos --seed {plan.seed} {options} --faults {','.join(plan.faults)}"


def _soak(outcome: Outcome) -> list[str]:
    verdict = "passed" if not outcome.problems else f"FAILED, {len(outcome.problems)} problems"
    return [
        f"## Seed {outcome.plan.seed}: {verdict}",
        "",
        _figures(outcome),
        "",
        _settings(outcome.plan.timing),
        "",
        "| fault | times | slowest recovery | median | promised within |",
        "|---|---|---|---|---|",
        *(_row(name, [i for i in outcome.injuries if i.fault == name]) for name in outcome.plan.faults),
        "",
        *(f"- {problem}" for problem in outcome.problems),
        *([""] if outcome.problems else []),
    ]


def _figures(outcome: Outcome) -> str:
    counts = outcome.counts
    return (
        f"{counts['documents']} documents, {counts['runs']} runs of {counts['actions']} actions (at most"
        f" {counts['most']} of one action), {counts['crashes']} runs lost with their worker, {counts['chunks']} chunks;"
        f" {counts['completed']} completed, {counts['failed']} failed as they must, {counts['cancelled']} cancelled,"
        f" {counts['deleted']} deleted while they were worked on; {counts['cleanups']} cleanups and"
        f" {counts['other jobs']} other jobs beside it."
        f" {len(outcome.injuries)} faults in"
        f" {outcome.soak_seconds:.0f} s after {outcome.reference_seconds:.0f} s undisturbed;"
        f" {outcome.looks} looks at a status, {counts['ended by itself']} processes ended by themselves."
        f" {platform.system()}, Python {platform.python_version()}."
    )


def _settings(timing: Timing) -> str:
    return (
        f"Lease {timing.lease_seconds:g} s, beat {timing.beat_seconds:g} s, reaper {timing.reap_seconds:g} s,"
        f" reconciler {timing.reconcile_seconds:g} s, relay {timing.relay_seconds:g} s,"
        f" first retry {timing.retry_delay_seconds:g} s."
    )


def _row(name: str, injuries: Sequence[Injury]) -> str:
    times = sorted(injury.recovery_seconds or 0.0 for injury in injuries)
    if not times:
        return f"| `{name}` | 0 | | | |"
    bound = max(injury.bound_seconds for injury in injuries)
    return f"| `{name}` | {len(times)} | {times[-1]:.1f} s | {median(times):.1f} s | {bound:.1f} s |"
