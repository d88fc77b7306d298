"""The short form of the hostile files; the long one is `python -m tests.chaos.hostile_files`."""

from tests.chaos.hostile_files import TEXT, case_of, run, sources
from tests.support.hostile_mutations import MUTATIONS

SEED = 7
COUNT = 63


def test_hostile_files_end_with_text_or_a_code_and_harm_nobody() -> None:
    findings, report = run(COUNT, SEED)
    assert findings.wrong == [], report
    assert sum(findings.outcomes.values()) == COUNT
    outcomes = {outcome for _, outcome in findings.outcomes}
    assert TEXT in outcomes
    assert len(outcomes) > 3, "mutations that all end alike test little"


def test_a_seed_makes_the_same_files_again() -> None:
    files = sources()
    # Archives that are made from nothing bear the time of day.
    for number in range(len(MUTATIONS) - len(("nested", "bomb"))):
        assert case_of(number, SEED, files) == case_of(number, SEED, files)
    assert case_of(0, SEED, files) != case_of(0, SEED + 1, files)
