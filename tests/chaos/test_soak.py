"""The short form of the soak; `make chaos` is the long one."""

from pathlib import Path

from tests.chaos.__main__ import NAMES
from tests.chaos.documents import short_samples
from tests.chaos.report import report_of
from tests.chaos.soak import Plan, run_soak
from tests.chaos.timing import SHORT


def test_whatever_is_killed_every_document_ends_as_if_nothing_had_happened(tmp_path: Path) -> None:
    plan = Plan(
        seed=7,
        documents=20,
        samples=short_samples(7),
        faults=NAMES,
        rounds=1,
        gap_seconds=0.7,
        timing=SHORT,
        folder=tmp_path,
        patience_seconds=300,
    )
    outcome = run_soak(plan)
    assert not outcome.problems, report_of([outcome])
    assert {injury.fault for injury in outcome.injuries} == set(NAMES)
