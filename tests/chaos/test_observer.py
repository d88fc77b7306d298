"""The observer sees what it is there to see."""

import pytest

from tests.chaos.observer import backwards

STATUS = {"job_id": "j", "status": "processing", "attempt": 1, "progress": 40, "stage": "extracting"}


@pytest.mark.parametrize(
    ("version", "changes", "words"),
    [
        (4, {}, "the version fell"),
        (5, {"progress": 50}, "in two ways"),
        (6, {"progress": 39}, "progress fell"),
        (6, {"attempt": 0}, "the attempt fell"),
    ],
)
def test_what_runs_backwards_is_noted(version: int, changes: dict[str, object], words: str) -> None:
    (found,) = backwards((5, STATUS), (version, {**STATUS, **changes}))
    assert words in found


def test_what_is_final_stays_so() -> None:
    ended = {**STATUS, "status": "failed"}
    assert "by itself" in backwards((5, ended), (6, {**STATUS, "status": "pending"}))[0]


@pytest.mark.parametrize(
    "changes", [{}, {"attempt": 2, "progress": 0}, {"job_id": "k", "progress": 0}, {"status": "completed"}]
)
def test_what_goes_on_is_no_violation(changes: dict[str, object]) -> None:
    assert backwards((5, STATUS), (6, {**STATUS, **changes})) == []
